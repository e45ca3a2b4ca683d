// The fitness functions as thresholds. Their figures stand in fitness.json and nowhere else;
// alerts and dashboards are checked against the same file.

export const FITNESS = JSON.parse(open(import.meta.resolve('./fitness.json')));

const { capacity, time_behaviour: time, channel_capacity: channel, availability, maturity } = FITNESS;

/** So many users at once; a smaller run is held to its own size. */
export function capacityOf(users) {
  return { hubbub_held: [`count>=${Math.min(users, capacity.users_online)}`] };
}

/** A message to oneself, through the whole pipeline. Without a single one nothing was measured. */
export const timeBehaviour = {
  hubbub_self_message: [`p(99)<${time.p99_ms}`, `max<${time.max_ms}`],
  hubbub_received: ['count>0'],
};

/** A message to everybody else. */
export const timeToOthers = {
  hubbub_end_to_end: [`p(99)<${time.p99_ms}`, `max<${time.max_ms}`],
};

/** A reaction or an edit, until who made it sees it. */
export const timeOfEffects = {
  hubbub_self_effect: [`p(99)<${time.p99_ms}`, `max<${time.max_ms}`],
};

/** How much one channel takes within the bounds of time. */
export const channelCapacity = {
  hubbub_channel_capacity: [`value>=${channel.per_second}`],
};

/** What is refused is refused with a code that says what to do. */
export const availabilityUnderLoad = {
  hubbub_clear_refusals: [`rate>=${availability.clear_refusals}`],
};

/** The share of the time in which a client is connected. */
export const uptime = {
  hubbub_uptime: [`avg>=${maturity.uptime}`],
};

/** How long the slowest is away. */
export const comesBack = {
  hubbub_reconnect: [`max<${time.max_ms}`],
};

/** The delivery contract, for so many users: everything arrives, in order, and every send is answered. */
export function contractOf(users) {
  return {
    hubbub_finished: [`count==${users}`],
    hubbub_lost: ['count==0'],
    hubbub_out_of_order: ['count==0'],
    hubbub_acked: ['rate==1'],
  };
}

/** Whether a message that took so long (ms) and this slowest one stay within the bounds. */
export function withinTime(p99, slowest) {
  return p99 < time.p99_ms && slowest < time.max_ms;
}
