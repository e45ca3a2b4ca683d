//! The table of close codes, as the docs have it: made from the code's own.

use hubbub::domain::Ending;
use hubbub::transport::wire::{CLOSE_CODES, CloseCode};

use crate::support::docs;

fn table() -> String {
    let mut table = "| code | the client comes back | `bye` | |\n|---|---|---|---|\n".to_owned();
    for (code, meaning) in CLOSE_CODES {
        let is_told = Ending::ALL.iter().any(|ending| CloseCode::from(ending) == code);
        let [comes_back, bye] = [!code.is_final(), is_told].map(|yes| if yes { "yes" } else { "no" });
        table += &format!("| {} | {comes_back} | {bye} | {meaning} |\n", code.0);
    }
    table
}

#[test]
fn the_protocols_table_is_the_codes() {
    docs::hold_table("close codes", "src/transport/wire/close_code.rs", &table());
}
