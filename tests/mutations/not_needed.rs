//! Safeties that their reference says beyond need: nobody has to miss them, and why.

/// One safety of one reference, by its place and its reason.
pub struct NotNeeded {
    /// The problem and the reference: `auth-system/sessions`.
    pub design: &'static str,
    pub safety: &'static str,
    /// What its line contains, enough to tell it from others.
    pub line: &'static str,
    pub because: &'static str,
    /// What stands in for it: with this gone as well somebody misses it, which the test tries. Empty where the reason lies in
    /// the figures or in what the design is about.
    pub instead: &'static [&'static str],
}

const fn by_reason(
    design: &'static str,
    safety: &'static str,
    line: &'static str,
    because: &'static str,
) -> NotNeeded {
    NotNeeded { design, safety, line, because, instead: &[] }
}

const fn stands_in(
    design: &'static str,
    safety: &'static str,
    line: &'static str,
    because: &'static str,
    instead: &'static [&'static str],
) -> NotNeeded {
    NotNeeded { design, safety, line, because, instead }
}

const FAR_BELOW: &str = "a limit far below what passes can only be one for each caller";
const FEW_MAILS: &str = "so few mails wait for so little, and `lag_alert` tells when they do";
const NOBODY_TO_MEET: &str = "less than one mail a second: those who fail together are one";
const SAME_AGAIN: &str = "setting the same value again, or deleting again, leaves things as they are";
const NO_MORE_THAN_A_NIGHT: &str = "an export that is a day late is an export that is a day late";
const FILES_ARE_REPLACED: &str = "the same file or document is written again";
const LEAVES_THE_LIST: &str = "what is done is no longer found, so that the next run finds the next ones";
const LAST_VALUE: &str = "who comes back joins again, and reads the last value: there is nothing to resume";
const VENDOR_CHECKS: &str = "what stands before it is run by a vendor, who checks by default";
const VENDORS_CERTIFICATE: &str = "the vendor hands out a certificate with the address";
const NEVER_CHANGES: &str = "a rendition is never changed, so that no copy of it is old";
const LAG_TELLS: &str = "`lag_alert` on the queue before it tells that it stands still";
const ONE_IN_EACH_ZONE: &str = "unsaid, what stands in several zones has one copy in each";
const PICTURES_NEVER_CHANGE: &str = "a picture never changes under its name, so that no copy of it is old";
const BROWSERS_WAIT: &str = "a browser by itself waits longer than any of these";
const MORE_REVIEWS: &str = "ten are what a page shows; who wants all of them asks again, as search does";
const WHOSE_WISHES: &str =
    "the wishes that change are those of who has signed in, not of somebody whom the request names";
const KAFKAS_DEFAULT: &str = "unsaid, Kafka's producers wait for all copies in step";
const FIVE_MINUTES: &str = "five minutes of work may be lost, and a copy is seconds behind";

pub const NOT_NEEDED: &[NotNeeded] = &[
    // airbnb
    by_reason("airbnb/nights", "xN", "postgres store", ONE_IN_EACH_ZONE),
    by_reason("airbnb/nights", "acks", "kafka  changes", KAFKAS_DEFAULT),
    by_reason("airbnb/nights", "xN", "worker indexer", ONE_IN_EACH_ZONE),
    by_reason("airbnb/nights", "idempotent", "worker indexer", FILES_ARE_REPLACED),
    by_reason("airbnb/nights", "xN", "worker cashier", ONE_IN_EACH_ZONE),
    stands_in(
        "airbnb/nights",
        "idempotent",
        "worker cashier",
        "the provider knows the key, and the condition refuses the second",
        &["payments writes idempotency_key", "store writes=booking by=id conditional"],
    ),
    by_reason("airbnb/nights", "page", "reads=review by=listing", MORE_REVIEWS),
    by_reason("airbnb/ranges", "page", "reads=review by=listing", MORE_REVIEWS),
    by_reason(
        "airbnb/ranges",
        "table index",
        "table listing",
        "7,000 homes are 35 MB, read through in milliseconds, once a second",
    ),
    // auth-system
    stands_in(
        "auth-system/sessions",
        "rate_limit",
        "lb       front",
        "`site` behind it has a tighter one",
        &[" rate_limit=10/min limit_by=[user, ip]"],
    ),
    by_reason(
        "auth-system/sessions",
        "authz",
        "service  site",
        "a session leads to nothing but its own account",
    ),
    by_reason("auth-system/sessions", "xN", "worker mailer", FEW_MAILS),
    by_reason("auth-system/sessions", "metrics", "worker mailer", FEW_MAILS),
    by_reason("auth-system/sessions", "alert", "worker mailer", FEW_MAILS),
    stands_in(
        "auth-system/sessions",
        "idempotent",
        "worker mailer",
        "the provider knows the key",
        &[" idempotency_key"],
    ),
    by_reason("auth-system/sessions", "backoff", "mailer -> mail", NOBODY_TO_MEET),
    by_reason("auth-system/sessions", "jitter", "mailer -> mail", NOBODY_TO_MEET),
    by_reason(
        "auth-system/tokens",
        "authz",
        "service  products",
        "what the other services keep is not drawn",
    ),
    by_reason("auth-system/tokens", "xN", "worker mailer", FEW_MAILS),
    by_reason("auth-system/tokens", "metrics", "worker mailer", FEW_MAILS),
    by_reason("auth-system/tokens", "alert", "worker mailer", FEW_MAILS),
    stands_in(
        "auth-system/tokens",
        "idempotent",
        "worker mailer",
        "the provider knows the key",
        &[" idempotency_key"],
    ),
    by_reason("auth-system/tokens", "backoff", "mailer -> mail", NOBODY_TO_MEET),
    by_reason("auth-system/tokens", "jitter", "mailer -> mail", NOBODY_TO_MEET),
    // cached-api
    by_reason("cached-api/aside", "limit_by", "lb      front", FAR_BELOW),
    by_reason("cached-api/aside", "idempotent", "service desk", SAME_AGAIN),
    stands_in(
        "cached-api/aside",
        "jitter",
        "redis   recent",
        "whatever expires together is loaded 20 at a time",
        &[" bulkhead=20"],
    ),
    by_reason(
        "cached-api/aside",
        "stampede",
        "redis   recent",
        "whatever expires together is loaded 20 at a time",
    ),
    by_reason(
        "cached-api/aside",
        "eviction",
        "redis   recent",
        "20,000 a second for 30 s are 600,000 entries, 3.6 GB at the most of 8",
    ),
    by_reason("cached-api/aside", "timeout", "recent reads timeout=5ms", "every call has 40 ms"),
    by_reason("cached-api/plain", "limit_by", "lb      front", FAR_BELOW),
    by_reason("cached-api/plain", "idempotent", "service api", SAME_AGAIN),
    by_reason("cached-api/through", "limit_by", "gateway     door", FAR_BELOW),
    by_reason("cached-api/through", "idempotent", "service     api", SAME_AGAIN),
    by_reason("cached-api/through", "idempotency_key", "desk -> door", SAME_AGAIN),
    by_reason("cached-api/through", "ttl", "elasticache near", "every write goes through the cache"),
    by_reason(
        "cached-api/through",
        "eviction",
        "elasticache near",
        "ElastiCache drops what has a `ttl` by default, the least used first",
    ),
    stands_in(
        "cached-api/through",
        "timeout",
        "near reads timeout=5ms",
        "every call has 40 ms",
        &["every call    timeout=40ms\n"],
    ),
    by_reason(
        "cached-api/through",
        "cache step",
        "on=miss",
        "the store carries all of it, as the design decides aloud: the cache makes it quicker and cheaper",
    ),
    // chat-system
    stands_in(
        "chat-system/monolith",
        "idempotency_key",
        "app <-> front",
        "`unique conversation, client_id` refuses the repeat by itself",
        &[
            " unique conversation, client_id;",
            "unique conversation, client_id\n",
            "unique conversation, client_id;",
        ],
    ),
    stands_in(
        "chat-system/owner",
        "idempotency_key",
        "phone <-> front",
        "`unique conversation, client_id` refuses the repeat by itself",
        &[
            " unique conversation, client_id;",
            "unique conversation, client_id\n",
            "unique conversation, client_id;",
        ],
    ),
    // deploy-cicd
    by_reason("deploy-cicd/cluster", "tls", "lb       front", VENDORS_CERTIFICATE),
    by_reason("deploy-cicd/cluster", "limit_by", "lb       front", FAR_BELOW),
    stands_in(
        "deploy-cicd/cluster",
        "idempotency_key",
        "visitor -> front",
        "`key customer, request` refuses the repeat by itself",
        &[" key customer, request"],
    ),
    by_reason("deploy-cicd/rolling", "tls", "lb       front", VENDORS_CERTIFICATE),
    by_reason("deploy-cicd/rolling", "limit_by", "lb       front", FAR_BELOW),
    by_reason(
        "deploy-cicd/rolling",
        "replication",
        "postgres store",
        "how versions change is the question here; what a failover may lose is asked where an order is the subject",
    ),
    by_reason(
        "deploy-cicd/rolling",
        "restore_tested",
        "postgres store",
        "with 99.5 % promised nobody asks yet; from 99.9 % on it is asked, as of `cluster`",
    ),
    stands_in(
        "deploy-cicd/rolling",
        "idempotency_key",
        "visitor -> front",
        "`key customer, request` refuses the repeat by itself",
        &[" key customer, request"],
    ),
    // ecommerce-backend
    by_reason("ecommerce-backend/monolith", "ttl", "cdn  edge", PICTURES_NEVER_CHANGE),
    by_reason("ecommerce-backend/monolith", "tls", "lb       front", VENDORS_CERTIFICATE),
    by_reason("ecommerce-backend/monolith", "limit_by", "lb       front", FAR_BELOW),
    by_reason("ecommerce-backend/monolith", "health", "service  shop", VENDOR_CHECKS),
    by_reason("ecommerce-backend/monolith", "xN", "worker    courier", ONE_IN_EACH_ZONE),
    stands_in(
        "ecommerce-backend/monolith",
        "idempotent",
        "worker    courier",
        "the provider knows the key",
        &["mails writes idempotency_key"],
    ),
    by_reason("ecommerce-backend/monolith", "idempotency_key", "flow cart", SAME_AGAIN),
    by_reason(
        "ecommerce-backend/monolith",
        "idempotency_key",
        "buyer -> front",
        "`unique buyer, request` refuses the repeat by itself",
    ),
    by_reason("ecommerce-backend/monolith", "timeout", "buyer -> front", BROWSERS_WAIT),
    stands_in(
        "ecommerce-backend/monolith",
        "idempotency_key",
        "courier -> mails",
        "`courier` knows which orders it has told of",
        &["courier x2 idempotent"],
    ),
    by_reason("ecommerce-backend/services", "tls", "cdn  edge", VENDORS_CERTIFICATE),
    by_reason("ecommerce-backend/services", "limit_by", "gateway       front", FAR_BELOW),
    by_reason("ecommerce-backend/services", "acks", "kafka  events", KAFKAS_DEFAULT),
    by_reason("ecommerce-backend/services", "xN", "worker courier", ONE_IN_EACH_ZONE),
    stands_in(
        "ecommerce-backend/services",
        "idempotent",
        "worker courier",
        "the provider knows the key",
        &["mails writes idempotency_key"],
    ),
    by_reason("ecommerce-backend/services", "xN", "worker indexer", ONE_IN_EACH_ZONE),
    by_reason("ecommerce-backend/services", "idempotent", "worker indexer", FILES_ARE_REPLACED),
    by_reason("ecommerce-backend/services", "timeout", "buyer -> front", BROWSERS_WAIT),
    stands_in(
        "ecommerce-backend/services",
        "breaker",
        "orders -> provider",
        "'pending' is the answer when it does not come in time",
        &["fallback=pending"],
    ),
    stands_in(
        "ecommerce-backend/services",
        "idempotency_key",
        "events ~> courier",
        "`courier` knows which orders it has told of",
        &["courier x3 idempotent"],
    ),
    // email-queue
    by_reason(
        "email-queue/broker",
        "rate_limit",
        "external post",
        "four and six senders of 50/s are the 500/s that it takes, and no more",
    ),
    by_reason(
        "email-queue/broker",
        "rate_limit",
        "external spare",
        "four senders of 50/s are less than the 500/s that it takes",
    ),
    stands_in("email-queue/broker", "tls", "gateway  front", "`mtls` is TLS", &[" auth=mtls"]),
    stands_in(
        "email-queue/broker",
        "idempotency_key",
        "teams -> front",
        "`unique event, recipient` and a service that says so",
        &[
            "mail_api x3 outbox idempotent",
            "unique event, recipient\n",
            "prompt -> post writes idempotency_key",
        ],
    ),
    stands_in(
        "email-queue/broker",
        "breaker",
        "prompt -> post",
        "what the first provider fails goes to the second",
        &["  prompt -> spare writes on=error timeout=3s\n"],
    ),
    stands_in(
        "email-queue/table",
        "idempotency_key",
        "teams -> front",
        "`unique event, recipient` and a service that says so",
        &[
            "auth=api-key idempotent",
            "unique event, recipient\n",
            " idempotency_key timeout=3s attempts=5 backoff jitter breaker",
        ],
    ),
    // file-uploader
    stands_in(
        "file-uploader/direct",
        "rate_limit",
        "gateway front",
        "`quota=1k/day` counts them too",
        &[" quota=1k/day"],
    ),
    by_reason("file-uploader/direct", "limit_by", "gateway front", FAR_BELOW),
    by_reason(
        "file-uploader/streamed",
        "xN",
        "worker scanner",
        "a scanner that is away for seven hours a month leaves 99 % of the files checked within their minute",
    ),
    by_reason(
        "file-uploader/streamed",
        "table ttl",
        "table file",
        "the sweep takes rows away, and those of a year are 3.7 GB",
    ),
    // listing-api
    by_reason("listing-api/index", "limit_by", "gateway  front", FAR_BELOW),
    by_reason("listing-api/index", "acks", "kafka      changes", KAFKAS_DEFAULT),
    stands_in("listing-api/index", "xN", "worker     indexer", LAG_TELLS, &[" lag_alert"]),
    by_reason("listing-api/index", "idempotent", "worker     indexer", FILES_ARE_REPLACED),
    by_reason("listing-api/index", "xN", "scheduler  nightly", NO_MORE_THAN_A_NIGHT),
    by_reason("listing-api/index", "xN", "worker     exporter", NO_MORE_THAN_A_NIGHT),
    by_reason("listing-api/index", "idempotent", "worker     exporter", FILES_ARE_REPLACED),
    by_reason("listing-api/sql", "limit_by", "lb       front", FAR_BELOW),
    by_reason("listing-api/sql", "xN", "worker exporter", NO_MORE_THAN_A_NIGHT),
    by_reason("listing-api/sql", "idempotent", "worker exporter", FILES_ARE_REPLACED),
    by_reason("listing-api/sql", "table ttl", "table job", "one row a day"),
    // microservices-system
    by_reason(
        "microservices-system/modules",
        "conditional",
        "hands -> store",
        "the providers know by its key what two do at once, and both write the same state",
    ),
    by_reason(
        "microservices-system/services",
        "stampede",
        "redis    recent",
        "whatever expires together is loaded 50 at a time",
    ),
    by_reason(
        "microservices-system/services",
        "xN",
        "postgres parcels",
        "a parcel that its database cannot take waits in the log, which keeps a week",
    ),
    by_reason("microservices-system/services", "acks", "kafka    events", KAFKAS_DEFAULT),
    stands_in("microservices-system/services", "xN", "worker   payer", LAG_TELLS, &[" lag_alert"]),
    stands_in("microservices-system/services", "xN", "worker   packer", LAG_TELLS, &[" lag_alert"]),
    stands_in("microservices-system/services", "xN", "worker   mailer", LAG_TELLS, &[" lag_alert"]),
    stands_in(
        "microservices-system/services",
        "idempotency_key",
        "events ~> mailer",
        "`mailer` knows by itself what it has sent",
        &["every worker   idempotent\n"],
    ),
    // notification-service
    by_reason("notification-service/channels", "authz", "service  notices", WHOSE_WISHES),
    stands_in("notification-service/log", "tls", "gateway  front", "`mtls` is TLS", &[" auth=mtls"]),
    by_reason("notification-service/log", "limit_by", "gateway  front", FAR_BELOW),
    by_reason("notification-service/log", "authz", "service  notices", WHOSE_WISHES),
    stands_in("notification-service/log", "xN", "worker recorder", LAG_TELLS, &[" lag_alert"]),
    stands_in(
        "notification-service/log",
        "breaker",
        "texter -> texts writes",
        "what the first provider fails goes to the second",
        &["  texter -> texts2 writes on=error\n"],
    ),
    // payment-ready-api
    by_reason("payment-ready-api/hosted", "tls", "lb       front", VENDORS_CERTIFICATE),
    by_reason("payment-ready-api/hosted", "health", "service  shop", VENDOR_CHECKS),
    stands_in(
        "payment-ready-api/hosted",
        "idempotency_key",
        "buyer -> front",
        "`unique buyer, request` refuses the second order by itself, and the provider knows the payment's key",
        &["unique buyer, request;", "shop -> provider writes idempotency_key"],
    ),
    stands_in(
        "payment-ready-api/hosted",
        "idempotency_key",
        "clerk -> front",
        "`key order, request` refuses the second refund by itself, and the call to the provider has a key",
        &[" key order, request", "writes=refund conditional", "provider writes idempotency_key"],
    ),
    by_reason(
        "payment-ready-api/hosted",
        "table ttl",
        "table event",
        "5M rows in the seven years for which orders stay",
    ),
    by_reason("payment-ready-api/tokens", "xN", "worker    settler", LAG_TELLS),
    stands_in(
        "payment-ready-api/tokens",
        "idempotent",
        "worker    settler",
        "the condition refuses the second event, and the mail has a key",
        &["writes=order conditional", "mails writes idempotency_key"],
    ),
    stands_in(
        "payment-ready-api/tokens",
        "idempotency_key",
        "store writes=order",
        "`unique buyer, request` refuses the second order, and only an order that waits is paid",
        &["unique buyer, request;", "writes=order conditional", "provider writes idempotency_key"],
    ),
    stands_in(
        "payment-ready-api/tokens",
        "breaker",
        "shop -> provider",
        "50 calls at the most wait for the provider, and none longer than 2.5 s",
        &[" bulkhead=50"],
    ),
    stands_in(
        "payment-ready-api/tokens",
        "idempotency_key",
        "store writes=refund",
        "`key order, request` refuses the second refund by itself, and the call to the provider has a key",
        &[" key order, request", "writes=refund conditional", "provider writes idempotency_key"],
    ),
    by_reason(
        "payment-ready-api/tokens",
        "table ttl",
        "table event",
        "as many rows as orders, which stay for seven years",
    ),
    // rbac
    by_reason("rbac/central", "limit_by", "gateway  front", FAR_BELOW),
    by_reason(
        "rbac/central",
        "authz",
        "service  products",
        "it asks `decisions` for each request, which is the check",
    ),
    stands_in("rbac/central", "xN", "worker     recorder", LAG_TELLS, &[" lag_alert"]),
    by_reason("rbac/library", "limit_by", "lb       front", FAR_BELOW),
    // realtime-hub
    by_reason("realtime-hub/edge", "resume", "client viewer", LAST_VALUE),
    by_reason("realtime-hub/edge", "health", "every service", VENDOR_CHECKS),
    by_reason("realtime-hub/edge", "health", "every socket", VENDOR_CHECKS),
    by_reason("realtime-hub/edge", "tls", "cloudflare edge", VENDORS_CERTIFICATE),
    by_reason("realtime-hub/edge", "limit_by", "apigateway intake", FAR_BELOW),
    stands_in(
        "realtime-hub/edge",
        "idempotent",
        "worker     keeper",
        "an older value is refused",
        &["writes=state conditional"],
    ),
    stands_in("realtime-hub/edge", "metrics", "worker     keeper", LAG_TELLS, &[" lag_alert"]),
    by_reason("realtime-hub/edge", "alert", "worker     keeper", LAG_TELLS),
    stands_in(
        "realtime-hub/edge",
        "conditional",
        "log ~> keeper",
        "one topic's updates come in order to one keeper, who knows a second one",
        &["x12 idempotent"],
    ),
    by_reason("realtime-hub/pubsub", "resume", "client viewer", LAST_VALUE),
    by_reason("realtime-hub/pubsub", "health", "every socket", VENDOR_CHECKS),
    by_reason("realtime-hub/small", "resume", "client viewer", LAST_VALUE),
    by_reason("realtime-hub/small", "limit_by", "socket       hub", FAR_BELOW),
    // rest-no-db
    by_reason(
        "rest-no-db/file",
        "timeout",
        "every call",
        "the only call of its own is to a library in the same process",
    ),
    by_reason("rest-no-db/file", "tls", "lb     front", VENDORS_CERTIFICATE),
    by_reason("rest-no-db/file", "limit_by", "lb     front", FAR_BELOW),
    by_reason(
        "rest-no-db/file",
        "idempotency_key",
        "app -> front idempotency_key",
        "the condition refuses the second, and a second deletion deletes nothing",
    ),
    by_reason("rest-no-db/memory", "limit_by", "service todos", FAR_BELOW),
    by_reason("rest-no-db/stateless", "limit_by", "lb      front", FAR_BELOW),
    by_reason(
        "rest-no-db/stateless",
        "idempotency_key",
        "app -> front idempotency_key",
        "`unique owner, request` refuses the repeat by itself; a second PUT or DELETE leaves things as they are",
    ),
    // saas-backend
    by_reason("saas-backend/rows", "replication", "postgres store", FIVE_MINUTES),
    by_reason("saas-backend/silo", "replication", "postgres pooled", FIVE_MINUTES),
    by_reason("saas-backend/silo", "replication", "postgres  silos", FIVE_MINUTES),
    stands_in("saas-backend/silo", "xN", "worker    quick", LAG_TELLS, &[" lag_alert"]),
    stands_in("saas-backend/silo", "xN", "worker    patient", LAG_TELLS, &[" lag_alert"]),
    by_reason(
        "saas-backend/silo",
        "xN",
        "scheduler clock",
        "the provider's own events come at once: to ask an hour later for one that did not is soon enough",
    ),
    // seat-booking
    by_reason("seat-booking/holds", "limit_by", "gateway  front", FAR_BELOW),
    stands_in(
        "seat-booking/holds",
        "idempotent",
        "service  booking",
        "each request has a key",
        &[" idempotency_key"],
    ),
    stands_in("seat-booking/holds", "xN", "worker cashier", LAG_TELLS, &[" lag_alert", " metrics alert"]),
    stands_in("seat-booking/holds", "metrics", "worker cashier", LAG_TELLS, &[" lag_alert"]),
    by_reason("seat-booking/holds", "alert", "worker cashier", LAG_TELLS),
    by_reason(
        "seat-booking/holds",
        "idempotency_key",
        "fan -> front",
        "`booking` knows a repeat, and the condition refuses it",
    ),
    by_reason(
        "seat-booking/holds",
        "breaker",
        "cashier -> cards",
        "nobody waits there: the queue holds what the provider does not take",
    ),
    by_reason("seat-booking/sql", "limit_by", "lb       front", FAR_BELOW),
    by_reason(
        "seat-booking/sql",
        "idempotent",
        "service  booking",
        "a taken seat is refused by the table's key, a sold one by the condition",
    ),
    by_reason(
        "seat-booking/sql",
        "idempotency_key",
        "visitor -> front",
        "`key event, seat` refuses the second hold of a seat",
    ),
    by_reason("seat-booking/sql", "table ttl", "ttl   = keep", "7.3M rows a year"),
    by_reason("seat-booking/sql", "table ttl", "ttl    = keep", "1.5 GB a year"),
    // stripe-clone
    stands_in(
        "stripe-clone/monolith",
        "idempotent",
        "service  payments",
        "each request has a key",
        &[" conditional idempotency_key", "shop -> front idempotency_key", "unique merchant, request;"],
    ),
    by_reason(
        "stripe-clone/monolith",
        "idempotency_key",
        "payer -> vault",
        "a second token of the same card is never used",
    ),
    stands_in(
        "stripe-clone/monolith",
        "breaker",
        "payments -> vault",
        "'pending' is the answer when it does not come in time",
        &["fallback=pending"],
    ),
    by_reason("stripe-clone/monolith", "timeout", "vault -> acquirer", "both ends are somebody else's"),
    stands_in(
        "stripe-clone/monolith",
        "idempotency_key",
        "conditional idempotency_key",
        "`payments` knows a repeat, by `unique merchant, request`",
        &["audit idempotent", "webhook] conditional", "unique merchant, request;"],
    ),
    by_reason("stripe-clone/monolith", "page", "reads=webhook by=due", LEAVES_THE_LIST),
    by_reason("stripe-clone/monolith", "page", "reads=payment by=state", LEAVES_THE_LIST),
    stands_in(
        "stripe-clone/shards",
        "idempotent",
        "service  payments",
        "each request has a key",
        &[" idempotency_key", " conditional", "unique merchant, request;"],
    ),
    by_reason("stripe-clone/shards", "acks", "kafka     events", KAFKAS_DEFAULT),
    by_reason(
        "stripe-clone/shards",
        "idempotent",
        "worker    clerk",
        "it only asks the networks, and what it writes is refused where somebody else has settled it",
    ),
    stands_in(
        "stripe-clone/shards",
        "idempotency_key",
        "payments -> store writes=[payment, entry] conditional",
        "`payments` knows a repeat, by `unique merchant, request`",
        &[
            "x12 idempotent",
            "unique merchant, request;",
            "writes=[payment, entry] conditional",
            "vault -> networks writes idempotency_key",
        ],
    ),
    by_reason(
        "stripe-clone/shards",
        "breaker",
        "caller -> endpoints",
        "20 calls at the most wait for a merchant, and nobody waits for them",
    ),
    by_reason("stripe-clone/shards", "page", "reads=payment by=[merchant, state]", LEAVES_THE_LIST),
    // url-shortener
    by_reason(
        "url-shortener/kv",
        "acks",
        "acks=1",
        "the clicks are charts, decided so; and unsaid, Kafka waits for all copies",
    ),
    // video-transcoder
    by_reason("video-transcoder/queue", "ttl", "cdn edge", NEVER_CHANGES),
    by_reason("video-transcoder/queue", "metrics", "worker encoder", LAG_TELLS),
    by_reason("video-transcoder/queue", "alert", "worker encoder", LAG_TELLS),
    by_reason("video-transcoder/segments", "metrics", "every worker", LAG_TELLS),
    by_reason("video-transcoder/segments", "alert", "every worker", LAG_TELLS),
    by_reason("video-transcoder/segments", "ttl", "cdn edge", NEVER_CHANGES),
    by_reason(
        "video-transcoder/segments",
        "outbox",
        "service videos",
        "the object store tells of each file by itself: `videos` hands nothing off",
    ),
    stands_in(
        "video-transcoder/segments",
        "rate_limit",
        "gateway front",
        "`quota=50/day` counts them too",
        &[" quota=50/day"],
    ),
    by_reason("video-transcoder/segments", "limit_by", "gateway front", FAR_BELOW),
    by_reason("video-transcoder/segments", "xN", "worker planner", LAG_TELLS),
    by_reason("video-transcoder/segments", "xN", "worker joiner", LAG_TELLS),
    by_reason(
        "video-transcoder/segments",
        "drain",
        "worker encoder",
        "the queue gives a piece again after two minutes",
    ),
    stands_in(
        "video-transcoder/segments",
        "conditional",
        "writes=piece",
        "an encoder that does a piece again writes the same row",
        &["every worker  idempotent"],
    ),
];
