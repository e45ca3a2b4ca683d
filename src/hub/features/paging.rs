//! Pages of lists that the store has.

use crate::domain::Refusal;
use crate::ports::StoreError;

/// A page of a list, with whether there are more entries behind it: a full page alone says nothing, so one entry more
/// is asked for then. `ask` is given the number of a page and its size.
pub(crate) async fn with_more<T, Answer>(
    page: usize,
    per_page: usize,
    ask: impl Fn(usize, usize) -> Answer,
) -> Result<(Vec<T>, bool), Refusal>
where
    Answer: Future<Output = Result<Vec<T>, StoreError>>,
{
    let entries = ask(page, per_page).await?;
    if entries.len() < per_page {
        return Ok((entries, false));
    }
    // Of pages of one entry, the one behind this page.
    let behind = page.saturating_add(1).saturating_mul(per_page);
    let more = !ask(behind, 1).await?.is_empty();
    Ok((entries, more))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;

    /// A list of so many numbers.
    fn list(count: usize) -> impl Fn(usize, usize) -> std::future::Ready<Result<Vec<usize>, StoreError>> {
        move |page, per_page| {
            let skipped = page.saturating_mul(per_page);
            std::future::ready(Ok((0..count).skip(skipped).take(per_page).collect()))
        }
    }

    #[tokio::test]
    async fn a_full_page_is_the_last_one_where_nothing_is_behind_it() {
        for (count, page, expected) in [
            (0, 0, (vec![], false)),
            (2, 0, (vec![0, 1], false)),
            (3, 0, (vec![0, 1, 2], false)),
            (4, 0, (vec![0, 1, 2], true)),
            (6, 1, (vec![3, 4, 5], false)),
            (7, 1, (vec![3, 4, 5], true)),
            (7, usize::MAX, (vec![], false)),
        ] {
            assert_eq!(with_more(page, 3, list(count)).await.unwrap(), expected, "{count} {page}");
        }
    }

    #[tokio::test]
    async fn a_silent_store_is_not_the_end_of_a_list() {
        let silent = |page, _: usize| {
            let answer = if page == 0 { Ok(vec![1]) } else { Err(StoreError::Unreachable("silent".into())) };
            std::future::ready(answer)
        };
        assert_eq!(with_more(0, 1, silent).await.unwrap_err().code, Code::Unavailable);
    }
}
