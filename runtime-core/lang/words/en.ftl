# The runtime's own words. A bot can replace any of them by a message of the same name.
# There is no markup here: the texts suit every parse_mode when they are printed as plain text.

## Commands and dialogues

bf-unknown = I don't understand that. Please pick a command from the menu.
bf-cancelled = OK, cancelled.
bf-nothing-to-cancel = There is nothing to cancel.
bf-nothing-to-skip = This question can't be skipped.
bf-no-way-back = This is the first question, there is nothing to go back to.
bf-replaced = I've closed the previous dialogue, let's start a new one.
bf-expired = It has been a while, so this dialogue was closed. Please start again.
# An answer while the bot still thinks about the one before
bf-thinking = One moment, I am still working on your last answer. Write /cancel to stop.
bf-done = Done!
bf-error = Sorry, something went wrong. Please try again a little later.
bf-conflict = Somebody was faster. Please choose something else.
# $usage: how the command is written, such as “/cancel_booking id”
bf-bad-argument = I couldn't read that command. It goes like this: { $usage }

## Buttons

bf-back = ← Back
bf-skip = Skip
bf-cancel = Cancel
bf-yes = Yes
bf-no = No
bf-share-contact = Share my contact
bf-share-location = Send my location
bf-already-answered = You have already answered this question.
bf-not-yours = This button isn't for you.
bf-not-allowed = Only administrators can do that.
bf-outdated = This button is out of date. Please start again.

## Lists

bf-list-empty = There is nothing here yet.
bf-list-search = Write a word to search.
# $words: what is searched, $total (where something is found): how many rows have it
bf-list-found = “{ $words }”: { $total } found
bf-list-not-found = “{ $words }”: nothing found
# $page: the number of the page shown, $pages: how many there are, $total: how many rows they have
bf-list-page = Page { $page } of { $pages }, { $total } in all

## Language

bf-choose-locale = Which language shall we use?
# The language's own name, for the button that chooses it
bf-locale-name = English
bf-locale-set = All right, English from now on.

## Answers that did not fit

bf-want-text = Please write your answer as text.
bf-want-contact = I need a contact: press the button below the input field, or attach one.
bf-want-location = I need a location: press the button below the input field, or attach one.
bf-want-photo = Please send a photo.
bf-want-file = Please send a file.
bf-bad-int = I need a whole number, such as 42.
bf-bad-decimal = I need a number, such as 12.50. There may be too many digits after the point.
bf-bad-bool = Please answer “yes” or “no”.
bf-bad-date = That doesn't look like a date. Write it like this: 2026-03-05.
bf-bad-time = That doesn't look like a time. Write it like this: 14:30.
bf-bad-datetime = That doesn't look like a date and time. Write it like this: 2026-03-05 14:30.
bf-bad-phone = That doesn't look like a phone number. Write it like this: +44 20 7946 0958.
bf-bad-email = That doesn't look like an e-mail address. Write it like this: anna@example.com.
bf-bad-option = There is no such option. Please choose one of those offered.
bf-not-free = That day or time is not available. Please choose another one.
bf-nothing-free = Nothing is available here.
bf-bad-pattern = The answer doesn't have the right form. Please check it and write it again.
bf-too-short = That's too short. The least length in characters is { $min }.
bf-too-long = That's too long. The greatest length in characters is { $max }.
bf-too-small = That's too little. The least value allowed is { $min }.
bf-too-great = That's too much. The greatest value allowed is { $max }.
bf-take = ✔️ Done
bf-too-few = Choose at least { $min }.
bf-too-many = You can choose at most { $max }.
bf-slow-down = That was too often. Please try again in { $wait }.

## Broadcasts

# $id: its number, $done of $total: how many people, $left: the time that it will still take
bf-broadcast-scheduled = ⏳ Broadcast { $id } waits for its time, { $at }.
bf-broadcast-begins = 📣 Broadcast { $id } begins.
bf-broadcast-running = 📣 Broadcast { $id }: { $done } of { $total }, { $left } left.
bf-broadcast-paused = ⏸ Broadcast { $id } is paused at { $done } of { $total }.
bf-broadcast-completed = ✅ Broadcast { $id } has reached { $sent } of { $total }; blocked: { $blocked }, failed: { $failed }, skipped: { $skipped }.
bf-broadcast-cancelled = ✖️ Broadcast { $id } was cancelled after { $sent } of { $total }.
