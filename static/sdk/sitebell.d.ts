/**
 * The page SDK of Sitebell, as a page sees it at `window.Sitebell`.
 * Prose, examples and what to do about each error code: docs/sdk.md.
 */
declare namespace Sitebell {
  /** What `init()` takes, and what the `data-` attributes of the script tag say. */
  interface Options {
    /** The site's public token (`data-site`). */
    site: string;
    /** Base URL of the Sitebell server (`data-server`). Default: where the script came from. */
    server?: string;
    /** URL of the worker file on the site's own origin (`data-worker`). Default: `/bell-worker.js`. */
    worker?: string;
    /** Scope to register that worker with, if nobody has (`data-scope`). Default: `/bell/`. */
    scope?: string;
    /**
     * `yes`: put our worker and subscription in the place of another push system's in the same file (`data-takeover`);
     * `subscription`: only the subscription, for a worker of the site's own that imports ours.
     */
    takeover?: string;
  }

  /** A profile that this browser's subscription is bound to, in one database of the site. */
  interface Enrollment {
    databaseId: number;
    profileId: string | null;
    status: string;
    /** Code of what went wrong in this database; the others are done. */
    error?: string;
    message?: string;
  }

  /** Whether the server believed who the visitor was said to be. */
  interface Identity {
    status: 'verified' | 'refused';
    code?: string;
    message?: string;
  }

  /** By what a profile is found or made; several members are tried in this order. */
  interface Match {
    profileId?: string;
    externalId?: string;
    email?: string;
    phone?: string;
    custom?: { field: string; value: unknown };
  }

  /** Field to value, `null` to clear it, or one operation such as `{ incr: 1 }`. */
  type Fields = { [field: string]: unknown };

  interface TokenOption {
    /** JWT of the site's back end: on signed sites the only word that counts. */
    token?: string;
  }

  interface IdentityOptions extends TokenOption {
    /** The databases to work in. Default: all of the site. */
    databaseIds?: number[];
    /** `false`: leave this browser with the profiles that it belongs to, too. */
    exclusive?: boolean;
  }

  interface IdentifyOptions extends IdentityOptions {
    fields?: Fields;
  }

  /** What `subscribe()` tells in the same request. */
  interface SubscribeOptions extends IdentifyOptions {
    match?: Match;
    /** Names of topics. */
    topics?: string[];
  }

  /** A tag that comes off by itself. */
  interface LapsingTag {
    name: string;
    /** After so many, counted from now; of two ends the later counts. */
    days: number;
  }

  /** An interest that the site offers. */
  interface Topic {
    name: string;
    title: string;
    chosen: boolean;
  }

  /** How the server knows this browser. */
  interface Membership {
    /** Random and public; it stays the same when the browser gets a new push endpoint. */
    subscriberHash: string | null;
    /** `subscribed`, `unsubscribed`, or another status of the server. */
    status: string | null;
    enrollments: Enrollment[];
    /** Names of the topics that the visitor chose. */
    topics?: string[];
    /** What became of the identity in this call. */
    identity?: Identity;
  }

  /** What keeps this page from subscribing: the error code that `subscribe()` would reject with. */
  type Obstacle = 'insecure_context' | 'unsupported' | 'needs_install' | 'permission_denied';

  interface Status extends Membership {
    /** This page in this browser can have web push. */
    supported: boolean;
    obstacle: Obstacle | null;
    /** `null` where the browser has no notifications at all. */
    permission: NotificationPermission | null;
    /** Messages reach this browser: permission, browser and server agree. */
    subscribed: boolean;
    /** The server said so just now; `false`: it is the last known state. */
    confirmed: boolean;
  }

  interface Farewell {
    subscriberHash: string | null;
    status: 'unsubscribed';
    /** `false`: the server could not be told yet and will be at the next page load. */
    acknowledged: boolean;
  }

  interface Logout extends Membership {
    /** `false`: the server could not be told yet; until it is, nothing arrives in this browser. */
    acknowledged: boolean;
  }

  interface Subscribed extends Membership {
    /** The push endpoint of this browser: a secret between browser, site and server. */
    endpoint: string;
  }

  interface Updated extends Subscribed {
    previousEndpoint: string | null;
  }

  interface PermissionChange {
    permission: NotificationPermission;
    previous: NotificationPermission;
  }

  /** A notification of this site that was shown, clicked or closed while this page was open. */
  interface NotificationReport {
    /** Id of the message; empty for the stand-in of an unreadable push. */
    message: string;
    title: string;
    /** Where a click leads, absolute. */
    url: string;
    /** The pressed button; empty for the notification itself. */
    action: string;
    /** The `data` that the sender gave with the message. */
    data: unknown;
  }

  /** What every method rejects with. */
  interface SitebellError extends Error {
    name: 'SitebellError';
    /** One of `ErrorCode`, or the code that the server answered with. */
    code: ErrorCode | (string & {});
    /** The page that explains the code. */
    docs: string;
    /** HTTP status of the server's answer; 0 when it is not about an answer. */
    status: number;
  }

  type ErrorCode =
    | Obstacle
    | 'permission_dismissed'
    | 'worker_failed'
    | 'push_service_failed'
    | 'server_unreachable'
    | 'not_initialised'
    | 'already_initialised'
    | 'not_subscribed'
    | 'missing_id'
    | 'unknown_method'
    | 'unknown_event'
    | 'unexpected';

  /** Event name to what its handlers are given. */
  interface Events {
    ready: Status;
    permission: PermissionChange;
    subscribe: Subscribed;
    update_subscription: Updated;
    unsubscribe: Farewell;
    show: NotificationReport;
    click: NotificationReport;
    close: NotificationReport;
    error: SitebellError;
  }

  /** What the server made of a tracked event; it ignores a repetition of the same millisecond. */
  interface Tracked {
    accepted: number;
    ignored: number;
  }

  type Handler<Name extends keyof Events> = (detail: Events[Name]) => unknown;

  /** Called once: `(result)`, or `(undefined, error)`. */
  type Callback<Result> = (result: Result | undefined, error?: SitebellError) => unknown;

  interface Bell {
    /** Name the site, where no `data-site` does. Once per page. */
    init(options: Options, callback?: Callback<Status>): Promise<Status>;
    /** Ask for permission if need be and subscribe. Call it from a click. */
    subscribe(callback?: Callback<Membership>): Promise<Membership>;
    subscribe(options: SubscribeOptions, callback?: Callback<Membership>): Promise<Membership>;
    /** Stop all messages to this browser. */
    unsubscribe(callback?: Callback<Farewell>): Promise<Farewell>;
    /** Ask browser and server how things stand. */
    status(callback?: Callback<Status>): Promise<Status>;
    /** Say who the visitor is. Also before there is a subscription, and at each page load. */
    identify(externalId: string | number, callback?: Callback<Membership>): Promise<Membership>;
    identify(
      externalId: string | number,
      options: IdentifyOptions,
      callback?: Callback<Membership>,
    ): Promise<Membership>;
    /** Nothing meant for the person who was here may arrive any more. */
    logout(callback?: Callback<Logout>): Promise<Logout>;
    /** Bind this browser to another profile. */
    update(match: Match, callback?: Callback<Membership>): Promise<Membership>;
    update(match: Match, fields: Fields, callback?: Callback<Membership>): Promise<Membership>;
    update(
      match: Match,
      fields: Fields,
      options: IdentityOptions,
      callback?: Callback<Membership>,
    ): Promise<Membership>;
    /** Write fields of the visitor's profile. */
    setFields(fields: Fields, callback?: Callback<Membership>): Promise<Membership>;
    setFields(fields: Fields, options: TokenOption, callback?: Callback<Membership>): Promise<Membership>;
    /** No messages until `resume()`, or until then: a `Date`, milliseconds since 1970, or ISO 8601. */
    pause(callback?: Callback<Membership>): Promise<Membership>;
    pause(until: Date | number | string, callback?: Callback<Membership>): Promise<Membership>;
    /** End the visitor's own pause. */
    resume(callback?: Callback<Membership>): Promise<Membership>;
    /** The topics that the site offers, and which of them the visitor chose. */
    topics(callback?: Callback<Topic[]>): Promise<Topic[]>;
    /** Replace the visitor's choice of topics. */
    setTopics(names: string[], callback?: Callback<Membership>): Promise<Membership>;
    /** Add tags to the visitor's profile; a callback may come last. */
    tag(...tags: (string | LapsingTag | Callback<Membership>)[]): Promise<Membership>;
    /** Take tags away; a callback may come last. */
    untag(...names: (string | Callback<Membership>)[]): Promise<Membership>;
    /** Say what the visitor did: the site chooses its audiences by it. */
    track(name: string, callback?: Callback<Tracked>): Promise<Tracked>;
    track(name: string, data: { [member: string]: unknown }, callback?: Callback<Tracked>): Promise<Tracked>;
    on<Name extends keyof Events>(name: Name, handler: Handler<Name>): Promise<void>;
    /** Also without a handler: the promise brings what the handler would be given. */
    once<Name extends keyof Events>(name: Name, handler?: Handler<Name>): Promise<Events[Name]>;
    /** Without a handler: all of this event. */
    off<Name extends keyof Events>(name: Name, handler?: Handler<Name>): Promise<void>;
    push: Push;
  }

  /**
   * Runs commands at once; before the script has loaded, the same line queues them. The promise is that of
   * the last one. (One signature for each method, so that the compiler knows what a callback is given.)
   */
  interface Push {
    (command: (bell: Bell) => unknown): Promise<unknown>;
    (command: [method: 'init', options: Options, callback?: Callback<Status>]): Promise<Status>;
    (command: [method: 'subscribe', callback?: Callback<Membership>]): Promise<Membership>;
    (command: [method: 'unsubscribe', callback?: Callback<Farewell>]): Promise<Farewell>;
    (command: [method: 'status', callback?: Callback<Status>]): Promise<Status>;
    (command: [method: 'identify', externalId: string | number, callback?: Callback<Membership>]): Promise<Membership>;
    (
      command: [
        method: 'identify',
        externalId: string | number,
        options: IdentifyOptions,
        callback?: Callback<Membership>,
      ],
    ): Promise<Membership>;
    (command: [method: 'logout', callback?: Callback<Logout>]): Promise<Logout>;
    (command: [method: 'update', match: Match, callback?: Callback<Membership>]): Promise<Membership>;
    (command: [method: 'update', match: Match, fields: Fields, callback?: Callback<Membership>]): Promise<Membership>;
    (
      command: [
        method: 'update',
        match: Match,
        fields: Fields,
        options: IdentityOptions,
        callback?: Callback<Membership>,
      ],
    ): Promise<Membership>;
    (command: [method: 'setFields', fields: Fields, callback?: Callback<Membership>]): Promise<Membership>;
    (
      command: [method: 'setFields', fields: Fields, options: TokenOption, callback?: Callback<Membership>],
    ): Promise<Membership>;
    (command: [method: 'pause', callback?: Callback<Membership>]): Promise<Membership>;
    (command: [method: 'pause', until: Date | number | string, callback?: Callback<Membership>]): Promise<Membership>;
    (command: [method: 'resume', callback?: Callback<Membership>]): Promise<Membership>;
    (command: [method: 'topics', callback?: Callback<Topic[]>]): Promise<Topic[]>;
    (command: [method: 'setTopics', names: string[], callback?: Callback<Membership>]): Promise<Membership>;
    (command: [method: 'tag', ...tags: (string | LapsingTag | Callback<Membership>)[]]): Promise<Membership>;
    (command: [method: 'untag', ...names: (string | Callback<Membership>)[]]): Promise<Membership>;
    (command: [method: 'track', name: string, callback?: Callback<Tracked>]): Promise<Tracked>;
    (
      command: [method: 'track', name: string, data: { [member: string]: unknown }, callback?: Callback<Tracked>],
    ): Promise<Tracked>;
    (command: [method: 'subscribe', options: SubscribeOptions, callback?: Callback<Membership>]): Promise<Membership>;
    <Name extends keyof Events>(command: [method: 'on', name: Name, handler: Handler<Name>]): Promise<void>;
    <Name extends keyof Events>(command: [method: 'once', name: Name, handler: Handler<Name>]): Promise<Events[Name]>;
    <Name extends keyof Events>(command: [method: 'off', name: Name, handler?: Handler<Name>]): Promise<void>;
    (...commands: Command[]): Promise<unknown>;
  }

  type EventCommand = {
    [Name in keyof Events]:
      | [method: 'on' | 'once', name: Name, handler: Handler<Name>]
      | [method: 'off', name: Name, handler?: Handler<Name>];
  }[keyof Events];

  type Command =
    | ((bell: Bell) => unknown)
    | [method: 'init', options: Options, callback?: Callback<Status>]
    | [method: 'subscribe', callback?: Callback<Membership>]
    | [method: 'unsubscribe', callback?: Callback<Farewell>]
    | [method: 'status', callback?: Callback<Status>]
    | [method: 'identify', externalId: string | number, callback?: Callback<Membership>]
    | [method: 'identify', externalId: string | number, options: IdentifyOptions, callback?: Callback<Membership>]
    | [method: 'logout', callback?: Callback<Logout>]
    | [method: 'update', match: Match, callback?: Callback<Membership>]
    | [method: 'update', match: Match, fields: Fields, callback?: Callback<Membership>]
    | [method: 'update', match: Match, fields: Fields, options: IdentityOptions, callback?: Callback<Membership>]
    | [method: 'setFields', fields: Fields, callback?: Callback<Membership>]
    | [method: 'setFields', fields: Fields, options: TokenOption, callback?: Callback<Membership>]
    | [method: 'pause', callback?: Callback<Membership>]
    | [method: 'pause', until: Date | number | string, callback?: Callback<Membership>]
    | [method: 'resume', callback?: Callback<Membership>]
    | [method: 'topics', callback?: Callback<Topic[]>]
    | [method: 'setTopics', names: string[], callback?: Callback<Membership>]
    | [method: 'tag', ...tags: (string | LapsingTag | Callback<Membership>)[]]
    | [method: 'untag', ...names: (string | Callback<Membership>)[]]
    | [method: 'track', name: string, data?: { [member: string]: unknown }]
    | [method: 'subscribe', options: SubscribeOptions, callback?: Callback<Membership>]
    | EventCommand;
}

/**
 * Before the script has loaded an array that queues commands, afterwards the same object with the methods:
 * `push()` is always there.
 */
declare var Sitebell: Pick<Sitebell.Bell, 'push'> & Partial<Sitebell.Bell>;
