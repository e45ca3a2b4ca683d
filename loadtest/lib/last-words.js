// The ends of conversations: who hears a group's last word has heard everything before it.

export class LastWords {
  constructor() {
    this.words = new Map();
  }

  /** Resolves when the group's last word was heard. */
  of(group) {
    return this.word(group).heard;
  }

  hear(group) {
    this.word(group).hear();
  }

  word(group) {
    if (!this.words.has(group)) {
      const word = {};
      word.heard = new Promise((resolve) => {
        word.hear = resolve;
      });
      this.words.set(group, word);
    }
    return this.words.get(group);
  }
}
