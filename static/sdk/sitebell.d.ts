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
  }

  /** A profile that this browser's subscription is bound to, in one database of the site. */
  interface Enrollment {
    databaseId: number;
    profileId: string | null;
    status: string;
    error?: string;
  }

  /** How the server knows this browser. */
  interface Membership {
    /** Random and public; it stays the same when the browser gets a new push endpoint. */
    subscriberHash: string | null;
    /** `subscribed`, `unsubscribed`, or another status of the server. */
    status: string | null;
    enrollments: Enrollment[];
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

  type Handler<Name extends keyof Events> = (detail: Events[Name]) => unknown;

  /** Called once: `(result)`, or `(undefined, error)`. */
  type Callback<Result> = (result: Result | undefined, error?: SitebellError) => unknown;

  interface Bell {
    /** Name the site, where no `data-site` does. Once per page. */
    init(options: Options, callback?: Callback<Status>): Promise<Status>;
    /** Ask for permission if need be and subscribe. Call it from a click. */
    subscribe(callback?: Callback<Membership>): Promise<Membership>;
    /** Stop all messages to this browser. */
    unsubscribe(callback?: Callback<Farewell>): Promise<Farewell>;
    /** Ask browser and server how things stand. */
    status(callback?: Callback<Status>): Promise<Status>;
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
    | EventCommand;
}

/**
 * Before the script has loaded an array that queues commands, afterwards the same object with the methods:
 * `push()` is always there.
 */
declare var Sitebell: Pick<Sitebell.Bell, 'push'> & Partial<Sitebell.Bell>;
