"""CleverPush's REST calls: what a back end says of subscriptions, sends and reads, and writes by an id alone."""
