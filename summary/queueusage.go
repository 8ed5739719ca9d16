package summary

// MaxQueueUsage is the share of the server's notification queue above which nothing of Tidemark's notifies: a full queue fails
// whoever commits a NOTIFY, and what fills it is often a session that listens and never ends its transaction.
const MaxQueueUsage = 0.1
