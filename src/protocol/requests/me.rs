//! `me`: what a user says of themselves.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{
    Code, Data, DetailsPatch, Patch, ProfilePatch, Refusal, Status, requested_settings, requested_status,
};
use crate::protocol::form::frame;

frame! {
    /// My profile, and what of it changes: what is absent stays, `null` takes it away.
    #[frame("me" => "me")]
    #[derive(Debug, Deserialize)]
    pub struct MeFields {
        /// The name to search by, kept in lower case; never taken away.
        #[serde(default)]
        pub username: Patch<String>,
        /// The name to show: 1 to 200 characters; never taken away.
        #[serde(default)]
        pub name: Patch<String>,
        /// An e-mail address, 254 characters at most.
        #[serde(default)]
        pub email: Patch<String>,
        /// A telephone number, 32 characters at most.
        #[serde(default)]
        pub phone: Patch<String>,
        /// At most 500 characters, on several lines.
        #[serde(default)]
        pub about: Patch<String>,
        /// `unsupported` yet.
        #[serde(default)]
        pub image: Patch<String>,
        /// An IANA name.
        #[serde(default)]
        pub time_zone: Patch<String>,
        /// `{emoji?, text?, until?}`: what the user is doing, in 100 characters at most, and when that is over, in Unix milliseconds.
        #[serde(default, deserialize_with = "requested_status")]
        pub status: Patch<Status>,
        /// A map of the client's own, replaced as a whole, up to 16 KB.
        #[serde(default, deserialize_with = "requested_settings")]
        pub settings: Patch<Data>,
    }
}

/// A `me`, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Me(pub Box<ProfilePatch>);

// === impl MeFields ===

impl MeFields {
    /// What changes, by the rules.
    ///
    /// # Errors
    /// `bad_frame` or `too_large`, as of [`ProfilePatch::asked`]; `unsupported` for an image, which has no place yet.
    pub fn edit(self) -> Result<ProfilePatch, Refusal> {
        if matches!(self.image, Patch::Set(_)) {
            return Err(Refusal::new(Code::Unsupported, "this hub keeps no images of users yet: leave `image` out"));
        }
        let Self { email, phone, about, time_zone, status, settings, .. } = self;
        let details = DetailsPatch { email, phone, about, time_zone, status, settings };
        ProfilePatch::asked(self.username, self.name, details)
    }
}

impl Request for Me {
    type Fields = MeFields;

    fn check(fields: MeFields) -> Result<Self, Refusal> {
        fields.edit().map(|edit| Self(Box::new(edit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{ClientFrame, Encoding, decode};

    fn read(encoding: Encoding, frame: &serde_json::Value) -> Result<ProfilePatch, Code> {
        let bytes = match encoding {
            Encoding::Json => frame.to_string().into_bytes(),
            Encoding::MsgPack => rmp_serde::to_vec(frame).unwrap(),
        };
        match decode(encoding, &bytes) {
            Ok((_, ClientFrame::Me(me))) => Ok(*me.0),
            Ok(other) => panic!("{other:?}"),
            Err(rejection) => Err(rejection.refusal.code),
        }
    }

    #[test]
    fn what_changes_is_read_alike_in_both_encodings() {
        for encoding in Encoding::ALL {
            let edit = read(
                encoding,
                &serde_json::json!({
                    "type": "me", "name": "Anna", "email": null, "about": "one\ntwo", "status": {"text": "tea", "until": 5},
                    "settings": {"theme": {"dark": [true, null]}},
                }),
            );
            let details = edit.unwrap().details;
            assert_eq!((details.email, details.phone), (Patch::Clear, Patch::Keep));
            assert_eq!(details.about, Patch::Set("one\ntwo".into()));
            assert!(matches!(details.status, Patch::Set(status) if status.until == Some(5)));
            assert!(matches!(details.settings, Patch::Set(settings) if settings["theme"]["dark"][0] == true));
            assert!(read(encoding, &serde_json::json!({"type": "me"})).unwrap().is_empty());
            for (wrong, code) in [
                (serde_json::json!({"type": "me", "image": "a"}), Code::Unsupported),
                (serde_json::json!({"type": "me", "status": ["tea"]}), Code::BadFrame),
                (serde_json::json!({"type": "me", "name": null}), Code::BadFrame),
                (serde_json::json!({"type": "me", "status": "tea"}), Code::BadFrame),
                (serde_json::json!({"type": "me", "settings": [1]}), Code::BadFrame),
            ] {
                assert_eq!(read(encoding, &wrong), Err(code), "{wrong}");
            }
        }
    }
}
