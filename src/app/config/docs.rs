//! docs/configuration.md, made from the table of settings.

use std::fmt::Write;

use super::{Config, Setting, sections};

const HEAD: &str = "# Configuration

<!-- Made from the code (`hubbub config docs`); change src/app/config/settings/ instead. -->

Every setting has one name: `max_text` in a TOML file, `HUBBUB_MAX_TEXT` in the environment, `--max-text` as a flag.
Flags win over the environment, the environment over the file, the file over the defaults. The file is the one that
`--config` or `HUBBUB_CONFIG` names, else `hubbub.toml` where the hub is started, if there is one. An empty variable counts
as not set. Secrets are no flags: flags can be seen in the list of processes.

`hubbub config check` tells every mistake at once, `hubbub config show` what is in effect and where it comes from.

```toml
# hubbub.toml
listen = \"0.0.0.0:8080\"
max_text = 8000
jwt_audience = [\"chat\"]
```
";

/// The page, in Markdown.
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    let defaults = Config::default();
    for section in sections() {
        let _ = write!(page, "\n## {}\n", section.title);
        for setting in &section.settings {
            describe(&mut page, setting, &defaults);
        }
    }
    page
}

fn describe(page: &mut String, setting: &Setting, defaults: &Config) {
    let flag = setting.flag().map(|flag| format!(" · `--{flag}`")).unwrap_or_default();
    let default = match (setting.default_note, setting.masked(defaults)) {
        (Some(note), _) => note.to_owned(),
        (None, Some(value)) => format!("`{value}`"),
        (None, None) => "not set".to_owned(),
    };
    let _ = write!(
        page,
        "\n### {}\n\n{}\n\n`{}`{flag}\n\n- Default: {default}. {}\n- Expected: {}.\n",
        setting.name,
        setting.about,
        setting.variable(),
        setting.reason,
        setting.expected.trim_end_matches('.'),
    );
}
