prompt-topic = Tell what the message is about.
topic-refund = Money back
