/** What goes in and what comes out. Fields an older client does not know are simply there. */

export type EventType = "Lead" | "Purchase" | "CompleteRegistration" | "Subscribe" | "Custom";

/** Contacts in clear text; the server hashes them on arrival and keeps only hashes. */
export interface Pii {
  email?: string;
  phone?: string;
  firstName?: string;
  lastName?: string;
}

/** A business event of one Telegram user. `value` with `currency` is required for a Purchase. */
export interface Event {
  eventType: EventType;
  telegramUserId?: number;
  channelId?: string;
  siteId?: string;
  websiteId?: string;
  customEventName?: string;
  /** At most four decimal places. A string such as "999999999999.9999" keeps all its digits. */
  value?: number | string;
  currency?: string;
  contentName?: string;
  orderId?: string;
  /** Your own id of the event, which every platform gets: 1 to 64 of A-Z a-z 0-9 _ - */
  eventId?: string;
  pii?: Pii;
  externalUserId?: string;
  /** Unix milliseconds or a Date; now where absent. */
  eventTime?: number | Date;
  fbc?: string;
  fbp?: string;
  gclid?: string;
  gbraid?: string;
  wbraid?: string;
  ttclid?: string;
  ttp?: string;
  sccid?: string;
  scCookie1?: string;
  clientIp?: string;
  userAgent?: string;
  eventSourceUrl?: string;
  consent?: Record<string, unknown>;
}

export interface FieldWarning {
  field: string;
  code: string;
  message: string;
}

export interface Recorded {
  conversionId: string;
  capiStatus: "pending" | "skipped";
  coldLead: boolean;
  dispatched: boolean;
  deduplicated?: boolean;
  updatedExisting?: boolean;
  /** Why nothing was scheduled, where `dispatched` is false. */
  warning?: string;
  warnings?: FieldWarning[];
  siteId: string;
  channelId: string;
  eventId: string;
  sends: { sendId: string; platform: string }[];
}

export interface Send {
  sendId: string;
  conversionId?: string;
  platform: string;
  pixelId: string;
  status: "pending" | "sent" | "failed" | "skipped";
  reason?: string;
  attempts: number;
  sentAt?: number;
  nextAttemptAt?: number;
  lastError?: { code: string; message: string; traceId?: string };
}

export interface Conversion {
  conversionId: string;
  eventId: string;
  telegramUserId: number;
  siteId: string;
  channelId: string;
  eventType: EventType;
  customEventName?: string;
  capiStatus: "pending" | "sent" | "failed" | "skipped";
  source: "tracker" | "webhook" | "api";
  coldLead: boolean;
  test?: boolean;
  awaitingManualInput: boolean;
  attributedAt: number;
  eventTime: number;
  eventValue?: number;
  eventCurrency?: string;
  orderId?: string;
  sends: Send[];
}

export interface Lead {
  telegramUserId: number;
  siteId: string;
  firstSeenAt: number;
  lastSeenAt: number;
  externalUserId?: string;
  conversions: Partial<Conversion>[];
}

export interface Channel {
  siteId?: string;
  siteDomain?: string;
  channelId: string;
  telegramChannelId: string;
  title: string;
  username?: string;
  funnelOrder: number;
  eventType?: EventType;
}

export interface ErrorBody {
  code: string;
  message: string;
  details?: { field: string; message: string }[];
  docUrl?: string;
}
