cmd-start = Begin
cmd-survey = Take the survey
cmd-results = Results so far
cmd-lang = Language
welcome = A short survey about our café. It takes a minute.
btn-survey = 📝 Take the survey
btn-results = 📊 Results
btn-about = ℹ️ About us
already-answered = You have answered already. Thank you!
ask-visited = Have you visited us before?
ask-rating = How was it, from 1 to 5?
bad-rating = A number from 1 to 5, please.
ask-reason = What should we do better?
ask-liked = What did you like? Tick what fits.
ask-better =
    { $rating ->
        [one] { $rating } star
       *[other] { $rating } stars
    }! What should we do better? Two things at most.
coffee = ☕ Coffee
cakes = 🍰 Cakes
staff = 🙂 People
music = 🎵 Music
prices = 💶 Prices
waiting = ⏳ Waiting
choice = 🥐 Choice
other = ✏️ Something else
ask-contact = May we write back to you?
btn-contact = ✉️ Yes, please
btn-no-contact = No need
ask-email = Your e-mail?
too-late = You have not finished the survey, so we have closed it. Begin again with /survey.
thanks = 🙏 Thank you!
your-rating = You gave us { $rating } of 5.
results = { $answers ->
    [one] { $answers } person has answered.
   *[other] { $answers } people have answered.
}
average = On average we got { NUMBER($average, maximumFractionDigits: 1) } of 5.
