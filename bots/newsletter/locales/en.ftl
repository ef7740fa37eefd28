cmd-start = Begin
cmd-lang = Language
cmd-topics = What you read
cmd-mine = What you have chosen
cmd-stop = No more letters
cmd-desk = The editors' desk
welcome = Hello, { $name }! We write rarely, and only about what you choose.
not-understood = I only know the commands of the menu.
btn-topics = 📚 Topics
btn-mine = 📬 My choice
btn-lang = 🌍 Language
btn-stop = 🔕 No more letters
btn-again = 🔔 Read again
btn-desk = ✍️ Editors' desk
ask-topics = What do you want to read?
topic-news = 📰 News
topic-events = 🎪 Events
topic-offers = 🏷 Offers
chosen = Thank you! You will hear from us.
mine = You read:
nothing-chosen = You have chosen nothing yet.
silent = You get no letters. /again brings them back.
stopped = We are silent from now on.
welcome-back = Welcome back!
desk = What shall it be?
btn-issue = ✉️ Write an issue
btn-drafts = 🗒 Drafts
btn-sent = 📊 What was sent
ask-title = The title?
ask-body = The text?
ask-audience = Who gets it?
to-all = Everybody
to-active = Who was here within 30 days
issue =
    <b>{ $title }</b>

    Dear { $name },
    { $body }
trial = This is how it looks. { $total ->
    [one] One person gets it.
   *[other] { $total } people get it.
  }
nobody = Nobody would get it. Choose others.
ask-sure = Send it?
btn-send = 🚀 Send
btn-keep = Keep it
kept = It is kept among the drafts.
on-its-way = It is on its way to { $total ->
    [one] one person
   *[other] { $total } people
  }.
readers = { $count ->
    [one] One reader
   *[other] { $count } readers
  }.
no-drafts = There are no drafts.
status = { $status ->
    [scheduled] waits for its time
    [running] on its way
    [paused] paused
    [completed] sent
   *[cancelled] cancelled
  }
no-issues = Nothing was sent yet.
