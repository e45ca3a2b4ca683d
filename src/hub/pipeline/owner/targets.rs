//! What entries are about, as it stands when the turn of each comes: as it is stored, and with what the entries before
//! it do.

use std::collections::{BTreeSet, HashMap};

use super::reactions::Reactions;
use super::settled::Open;
use crate::domain::{Code, Effect, Event, GroupId, Seq};
use crate::hub::codec::is_entitled;
use crate::hub::pipeline::effects::{Attempt, EffectRules};
use crate::ports::{MessageStore, StoreError};

/// Where an event stands.
pub(super) type Place = (GroupId, Seq);

/// The events that entries are about.
#[derive(Debug, Default)]
pub(super) struct Targets {
    found: HashMap<Place, Event>,
    /// Those that the store refuses to show, now and always: nobody else is to wait for them.
    unreadable: BTreeSet<Place>,
}

// === impl Targets ===

impl Targets {
    /// Reads what stands at these places, with its state.
    pub(super) async fn read(messages: &dyn MessageStore, places: BTreeSet<Place>) -> Result<Self, StoreError> {
        let places: Vec<Place> = places.into_iter().collect();
        let mut targets = Self::default();
        if places.is_empty() {
            return Ok(targets);
        }
        match messages.events(&places).await {
            Ok(found) => {
                targets.found.extend(found.into_iter().map(|event| ((event.group.clone(), event.seq), event)));
            }
            Err(StoreError::Refused(_)) => targets.read_each(messages, places).await?,
            Err(error) => return Err(error),
        }
        Ok(targets)
    }

    async fn read_each(&mut self, messages: &dyn MessageStore, places: Vec<Place>) -> Result<(), StoreError> {
        for place in places {
            match messages.event(&place.0, place.1).await {
                Ok(event) => self.found.extend(event.map(|event| (place, event))),
                Err(StoreError::Refused(why)) => {
                    tracing::error!(group = %place.0, seq = place.1, why, "what an event is about cannot be read");
                    self.unreadable.insert(place);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether an event may stand in its turn, which is now. What it does is kept in mind for those behind it.
    pub(super) fn judge(
        &mut self,
        rules: &EffectRules,
        reactions: &mut Reactions,
        open: &mut Open,
        about: &Place,
    ) -> Result<(), Code> {
        if self.unreadable.contains(about) {
            return Err(Code::Internal);
        }
        let (event, entitled) = (&mut open.event, is_entitled(&open.entry));
        let attempt = Attempt { from: &event.from, entitled, place: Some((event.seq, event.time)) };
        let row = event.kind.row().ok_or(Code::Internal)?;
        rules.check(event.kind, row, attempt, self.found.get(about))?;
        if let Some(target) = self.found.get_mut(about) {
            reactions.count(event, target)?;
            Effect::of(event).into_iter().for_each(|effect| target.apply(&effect.change));
        }
        Ok(())
    }
}
