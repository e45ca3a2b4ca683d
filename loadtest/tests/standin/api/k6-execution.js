import { abort, iteration } from '../life.js';

export default {
  test: { abort },
  scenario: {
    get iterationInTest() {
      return iteration();
    },
  },
};
