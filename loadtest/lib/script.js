// The frame of a script whose users join a group each, do something in it, and hear the last word.

import { COMMON_OPTIONS, chat, cleanUp, crowdScenario, live, play, prepare } from './crowd.js';
import { summaryOf } from './summary.js';

/**
 * What such a script exports; `run` is its default. It lasts `seconds`: a user joins after
 * `joins(place)` of them, evenly over the ramp if nothing is said, and does
 * `meanwhile(plan, client, group, end, place)`, which is to chat if nothing is said. The preflight is
 * told what is needed of the hub (`needs`), the summary what to say beside the figures (`notes`).
 */
export function crowdScript(
  plan,
  seconds,
  { thresholds, joins = evenly(plan, plan.ramp), meanwhile = chat, needs, notes },
) {
  plan.seconds = seconds;
  return {
    options: { ...COMMON_OPTIONS, scenarios: { [plan.name]: crowdScenario(plan, seconds) }, thresholds },
    setup: () => prepare(plan, needs),
    teardown: (data) => cleanUp(plan, data),
    handleSummary: summaryOf(plan, notes),
    run: async (data) => {
      const end = data.begin + seconds * 1000;
      const moment = (place) => data.begin + joins(place) * 1000;
      await play(plan, (client, place) => live(plan, data, client, place, moment(place), end, meanwhile));
    },
  };
}

/** Users join at even distances over so many seconds. */
export function evenly(plan, seconds) {
  return (place) => (place / plan.users) * seconds;
}
