//! Passwords in URLs.

const MASK: &str = "****";

/// The URL with its password masked, in the user part and in query parameters that are named
/// like one. Works on lists of hosts too, which are no URLs in the strict sense.
pub fn mask_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let place = match place.rsplit_once('@') {
        Some((user, hosts)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:{MASK}@{hosts}"),
            None => format!("{user}@{hosts}"),
        },
        None => place.to_owned(),
    };
    match query {
        Some(query) => format!("{scheme}://{place}?{}", mask_query(query)),
        None => format!("{scheme}://{place}"),
    }
}

fn mask_query(query: &str) -> String {
    let parameters = query.split('&').map(|parameter| match parameter.split_once('=') {
        Some((name, _)) if name.to_ascii_lowercase().contains("password") => format!("{name}={MASK}"),
        _ => parameter.to_owned(),
    });
    parameters.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::mask_url;

    #[test]
    fn passwords_go_and_all_else_stays() {
        for (url, masked) in [
            ("redis://localhost:6379/0", "redis://localhost:6379/0"),
            ("redis://:s3cret@host", "redis://:****@host"),
            ("rediss://hub:p@ss:w/rd@host:6380", "rediss://hub:****@host:6380"),
            ("mongodb://hub:s3cret@a:1,b:2,c:3/db?w=majority", "mongodb://hub:****@a:1,b:2,c:3/db?w=majority"),
            ("mongodb://hub@a/db", "mongodb://hub@a/db"),
            (
                "redis-sentinel://u:p@h:1?sentinelServiceName=m&sentinelPassword=x",
                "redis-sentinel://u:****@h:1?sentinelServiceName=m&sentinelPassword=****",
            ),
            ("no url", "no url"),
        ] {
            assert_eq!(mask_url(url), masked);
        }
    }
}
