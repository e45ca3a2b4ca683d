//! The PROXY protocol: what a proxy says of the client before the client's first byte.

use std::io;
use std::net::IpAddr;

use ppp::{HeaderResult, v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Version 2 begins with twelve fixed bytes, version 1 is no shorter.
const BEGINNING: usize = 12;
/// The longest line of version 1, its end included.
const LONGEST_V1: usize = 107;
/// Addresses and a few TLVs; more is nobody's header.
const LONGEST_V2: usize = 1024;

/// Reads a PROXY header (version 1 or 2), and not a byte more: the client's address, or `None` when
/// the proxy speaks for itself (health checks).
///
/// # Errors
/// The connection ended, or what came is no PROXY header.
pub(super) async fn read_header(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let mut header = vec![0; BEGINNING];
    stream.read_exact(&mut header).await?;
    if header == v2::PROTOCOL_PREFIX {
        read_more(stream, &mut header, 4).await?;
        let length = usize::from(u16::from_be_bytes([header[14], header[15]]));
        if length > LONGEST_V2 {
            return Err(invalid());
        }
        read_more(stream, &mut header, length).await?;
    } else {
        while !header.ends_with(b"\r\n") {
            if header.len() >= LONGEST_V1 {
                return Err(invalid());
            }
            read_more(stream, &mut header, 1).await?;
        }
    }
    match HeaderResult::parse(&header) {
        HeaderResult::V1(Ok(header)) => Ok(source_v1(&header.addresses)),
        HeaderResult::V2(Ok(header)) => Ok(source_v2(&header)),
        HeaderResult::V1(Err(_)) | HeaderResult::V2(Err(_)) => Err(invalid()),
    }
}

async fn read_more(stream: &mut (impl AsyncRead + Unpin), header: &mut Vec<u8>, count: usize) -> io::Result<()> {
    let at = header.len();
    header.resize(at + count, 0);
    stream.read_exact(&mut header[at..]).await.map(|_| ())
}

fn source_v1(addresses: &v1::Addresses) -> Option<IpAddr> {
    match addresses {
        v1::Addresses::Tcp4(ip) => Some(ip.source_address.into()),
        v1::Addresses::Tcp6(ip) => Some(ip.source_address.into()),
        v1::Addresses::Unknown => None,
    }
}

fn source_v2(header: &v2::Header<'_>) -> Option<IpAddr> {
    match (header.command, &header.addresses) {
        (v2::Command::Proxy, v2::Addresses::IPv4(ip)) => Some(ip.source_address.into()),
        (v2::Command::Proxy, v2::Addresses::IPv6(ip)) => Some(ip.source_address.into()),
        _ => None,
    }
}

fn invalid() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a PROXY protocol header")
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    async fn read(bytes: &[u8]) -> (io::Result<Option<IpAddr>>, Vec<u8>) {
        let mut stream = bytes;
        let client = read_header(&mut stream).await;
        (client, stream.to_vec())
    }

    #[tokio::test]
    async fn both_versions_are_read_to_their_end() {
        let line = b"PROXY TCP4 1.2.3.4 10.0.0.1 5678 443\r\nGET /";
        let (client, rest) = read(line).await;
        assert_eq!((client.unwrap(), &rest[..]), (Some("1.2.3.4".parse().unwrap()), &b"GET /"[..]));

        let pair: (SocketAddr, SocketAddr) = ("[2001:db8::1]:1".parse().unwrap(), "[::1]:2".parse().unwrap());
        let version_command = v2::Version::Two | v2::Command::Proxy;
        let mut bytes = v2::Builder::with_addresses(version_command, v2::Protocol::Stream, pair).build().unwrap();
        bytes.extend(b"GET /");
        let (client, rest) = read(&bytes).await;
        assert_eq!((client.unwrap(), &rest[..]), (Some("2001:db8::1".parse().unwrap()), &b"GET /"[..]));
    }

    #[tokio::test]
    async fn a_proxy_may_speak_for_itself() {
        assert_eq!(read(b"PROXY UNKNOWN\r\n").await.0.unwrap(), None);
        let local = v2::Builder::new(
            v2::Version::Two | v2::Command::Local,
            v2::AddressFamily::Unspecified | v2::Protocol::Unspecified,
        );
        assert_eq!(read(&local.build().unwrap()).await.0.unwrap(), None);
    }

    #[tokio::test]
    async fn anything_else_is_refused() {
        for bad in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"PROXY", b"PROXY TCP4 nonsense\r\n", &[b'x'; 4096]] {
            assert!(read(bad).await.0.is_err(), "{bad:?}");
        }
        let mut endless = v2::PROTOCOL_PREFIX.to_vec();
        endless.extend([0x21, 0x11, 0xff, 0xff]);
        endless.resize(100_000, 0);
        assert!(read(&endless).await.0.is_err());
    }
}
