cmd-start = Begin
cmd-lang = Language
cmd-promo = A discount for everybody
cmd-me = What we know of you
cmd-topics = What you hear of
cmd-stop = No more messages
hello = Hello!
ask-discount = How many percent?
ask-audience = To whom?
to-all = Everybody
to-active = Lately here
to-vip = Buyers
ask-rate = How many messages a second?
promo = { $name }, { $discount } % off for you!
btn-buy = Buy with { $discount } % off
btn-stop = No more
btn-page = The page
sent = Broadcast { $id }: { $total ->
    [one] one person
   *[other] { $total } people
  }.
ask-words = What shall we write?
ask-segment = About what?
topic-news = News
topic-sport = Sport
done = Done.
ready = Your parcel is here.
list = The list goes to { $total }.
trial = { $total } people, { $eta } seconds.
stats = { $people } read us, { $vip } have bought.
nobody = We do not know you.
reads = reads us
reads-not = does not read us
ask-topics = What do you want to hear of?
bought = Yours, { $discount } % off.
stopped = We are silent from now on.
