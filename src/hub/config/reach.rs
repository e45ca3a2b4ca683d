//! How far what passes between people reaches: settings of a deployment.

use std::fmt;
use std::str::FromStr;

/// In which groups people see something of each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    /// In all.
    #[default]
    Everywhere,
    /// In those of at most so many members.
    UpTo(usize),
    /// In none.
    Nowhere,
}

/// Whether a user is connected with several devices at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Devices {
    /// With as many as they like.
    #[default]
    Many,
    /// With one: a newer one takes over, and the older ends.
    One,
}

// === impl Reach ===

impl Reach {
    /// Whether it is seen in a group of so many members.
    pub fn reaches(self, members: usize) -> bool {
        match self {
            Reach::Everywhere => true,
            Reach::UpTo(most) => members <= most,
            Reach::Nowhere => false,
        }
    }

    /// Whether it is seen anywhere.
    pub fn is_on(self) -> bool {
        self != Reach::Nowhere
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reach::Everywhere => f.write_str("on"),
            Reach::UpTo(most) => write!(f, "{most}"),
            Reach::Nowhere => f.write_str("off"),
        }
    }
}

impl FromStr for Reach {
    type Err = ();

    /// `on`, `off`, or the members of the largest groups, 2 to 100,000.
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "on" => Ok(Reach::Everywhere),
            "off" => Ok(Reach::Nowhere),
            number => {
                let most = number.parse().ok().filter(|most| (2..=100_000).contains(most));
                most.map(Reach::UpTo).ok_or(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reach_is_read_as_it_is_written_and_holds_up_to_its_size() {
        for text in ["on", "off", "2", "200"] {
            assert_eq!(text.parse::<Reach>().unwrap().to_string(), text);
        }
        for wrong in ["", "yes", "0", "1", "-2", "100001", "2.5"] {
            assert!(wrong.parse::<Reach>().is_err(), "{wrong:?}");
        }
        let small = Reach::UpTo(30);
        assert!(small.reaches(30) && !small.reaches(31) && small.is_on());
        assert!(Reach::Everywhere.reaches(usize::MAX) && !Reach::Nowhere.reaches(2) && !Reach::Nowhere.is_on());
    }
}
