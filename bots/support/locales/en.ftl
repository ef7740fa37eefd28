# The support desk
cmd-start = Main menu
cmd-ticket = Write to us
cmd-tickets = My requests
cmd-faq = Questions and answers
cmd-urgent = It is urgent
cmd-lang = Language
not-understood = I do not understand. Begin with /start
slow-down = { $seconds ->
    [one] Not so fast: { $seconds } second, please.
   *[other] Not so fast: { $seconds } seconds, please.
}

menu = How can we help?
btn-ask = 💡 Ask a question
btn-ticket = ✍️ Write to us
btn-tickets = 📋 My requests
btn-faq = ❓ Questions and answers
btn-urgent = 🚨 It is urgent
btn-lang = 🌍 Language
btn-menu = ← Menu

faq = What would you like to know?
faq-hours = When are you there?
faq-hours-answer = On weekdays from 9 am to 6 pm
faq-price = What does it cost?
faq-price-answer = Nothing: help is free
faq-more = All answers

cmd-ask = Ask a question
ask-question = What do you want to know? Write it as you would say it.
just-a-moment = Just a moment…
triaged = { $topic ->
    [order] A question about an order: our delivery people have it as request { $number }.
    [money] A question about a payment: our accountants have it as request { $number }.
    [other] We have got it: request { $number }. We answer within a day.
   *[known] We have got it: request { $number }. We answer within a day.
}
faq-facts = We are open on workdays from 9 to 18. Help is free.
prompt-triage = You sort the mail of a shop's support desk.
prompt-answer = You work at a shop's support desk. Answer in English, in at most two friendly sentences.

ask-topic = What is it about?
topic-order = 📦 An order
topic-money = 💶 A payment
topic-other = 💬 Something else
ask-what = What has happened?
bad-what = In a sentence, please: from 10 to 1000 characters.
ask-photo = A picture, if there is one.
too-late = We have closed your request, it was not finished.
written = We have got it: request { $number }. We answer within a day.
too-many-tickets = You have written to us three times. { $seconds ->
    [one] The next one can come in { $seconds } second.
   *[other] The next one can come in { $seconds } seconds.
}

tickets = { $count ->
    [one] One request
   *[other] { $count } requests
}
no-tickets = You have not written to us yet.
no-such-ticket = There is no such request, or it is closed.
ask-close = Close this request?
btn-close = ✔️ Close it
btn-keep = Leave it open
kept = It stays open.
closed = It is closed.
urgent = Somebody will be with you at once: request { $number }.
too-urgent = Everybody who hurries is with somebody else. Please write a /ticket
