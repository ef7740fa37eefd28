prompt-topic = Скажи, о чём сообщение.
topic-refund = Возврат денег
