import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

/**
 * Somebody with a browser window of their own, who finds things as a person does: by what they are called.
 *
 * @typedef {import("playwright-core").Page} Page
 */

export const PASSWORD = 'correct horse battery';
export const WIDE = { width: 1280, height: 800 };
export const NARROW = { width: 390, height: 844 };

/** A username of this run alone. @param {string} name */
export const fresh = (name) => `${name.toLowerCase()}-${randomBytes(4).toString('hex')}`;

export class Person {
  /** What the browser complained of. @type {string[]} */
  complaints = [];

  /** @param {Page} page @param {string} name */
  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.username = fresh(name);
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on(
      'console',
      (message) => message.type() === 'error' && isFault(message.text()) && this.complaints.push(message.text()),
    );
  }

  /** Opens the page at a hub and makes an account there. @param {string} url */
  async register(url) {
    await this.page.goto(url);
    await this.page.getByRole('button', { name: 'Make an account' }).click();
    await this.page.getByLabel('Username').fill(this.username);
    await this.page.getByLabel('Your name').fill(this.name);
    await this.page.getByLabel('Password').fill(PASSWORD);
    await this.page.getByRole('button', { name: 'Create account' }).click();
    await this.page.getByRole('navigation', { name: 'Chats' }).waitFor();
    return this;
  }

  /** Another tab of the same browser, at the same place or another. @param {string} [url] */
  async tab(url = this.page.url()) {
    const tab = new Person(await this.page.context().newPage(), this.name);
    tab.username = this.username;
    await tab.page.goto(url);
    return tab;
  }

  /** @param {string} [password] */
  async logIn(password = PASSWORD) {
    await this.page.getByLabel('Username').fill(this.username);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Log in' }).click();
    await this.page.getByRole('navigation', { name: 'Chats' }).waitFor();
  }

  async logOut() {
    await this.page.getByLabel(`You: ${this.name}`).click();
    await this.page.getByRole('button', { name: 'Log out' }).click();
  }

  /** Waits until the field holds exactly this. @param {string} text */
  async drafts(text) {
    await this.page.waitForFunction((wanted) => document.querySelector('textarea')?.value === wanted, text);
  }

  get chats() {
    return this.page.getByRole('list', { name: 'Your chats' });
  }

  /** A line in the list of chats. @param {string} title */
  chat(title) {
    return this.chats.getByRole('link').filter({ hasText: title });
  }

  get field() {
    return this.page.getByRole('textbox', { name: 'Message' });
  }

  get messages() {
    return this.page.getByRole('region', { name: /^Messages with/ });
  }

  /** Messages with exactly this text. @param {string} text */
  message(text) {
    return this.messages.getByRole('listitem').filter({ has: this.page.getByText(text, { exact: true }) });
  }

  /** @param {string} text */
  async say(text) {
    await this.field.fill(text);
    await this.field.press('Enter');
  }

  /**
   * Waits until a message of one's own has come so far.
   *
   * @param {string} text
   * @param {"Sending" | "Stored" | "Delivered" | "Read" | RegExp} progress
   */
  async sees(text, progress) {
    await this.message(text).getByRole('img', { name: progress }).waitFor();
  }

  /** @param {string} text */
  async hears(text) {
    await this.message(text).waitFor();
  }

  /**
   * Makes a group with people found by their usernames.
   *
   * @param {string} name
   * @param {Person[]} people
   * @param {{ open?: boolean }} [options]
   */
  async makeGroup(name, people, { open = false } = {}) {
    await this.page.getByRole('button', { name: 'New group' }).click();
    const dialog = this.page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
    for (const { username } of people) await this.pick(dialog.getByRole('combobox', { name: 'People' }), username);
    if (open) await dialog.getByRole('checkbox').check();
    await dialog.getByRole('button', { name: 'Create group' }).click();
    await this.page.getByRole('heading', { name, level: 2 }).waitFor();
  }

  /** @param {import("playwright-core").Locator} field @param {string} username */
  async pick(field, username) {
    await field.fill(username);
    await this.page.getByRole('option', { name: username }).click();
  }

  /** Every message text in the open conversation, from top to bottom. */
  async transcript() {
    return this.messages.locator('.message .text').allTextContents();
  }

  contented() {
    assert.deepEqual(this.complaints, [], `${this.name}'s browser complained`);
  }
}

/**
 * A line that is down and a refused request are part of the tests; everything else is a fault of the page.
 *
 * @param {string} text
 */
function isFault(text) {
  return !/WebSocket connection to|Failed to load resource/.test(text);
}
