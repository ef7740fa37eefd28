//! The survey bot: branches, typed answers, a link, and a second bot in the same process.

use crate::support::{Channel, Talk, World};
use crate::words::{EN, RU};

#[tokio::test(flavor = "multi_thread")]
async fn preview() {
    scenario(Channel::Preview).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhook() {
    scenario(Channel::Webhook).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn polling() {
    scenario(Channel::Polling).await;
}

async fn scenario(channel: Channel) {
    let world = World::start(channel).await;
    happy(&world, &world.person("Anna", "en").with_bot("survey")).await;
    unhappy(&world, &world.person("Анна", "ru").with_bot("survey")).await;
    going_back(&world, &world.person("Vera", "en").with_bot("survey")).await;
    apart(&world).await;
    world.stop().await;
}

async fn happy(world: &World, anna: &Talk) {
    let rows: &[&[&str]] = &[&["📝 Take the survey", "📊 Results"], &["ℹ️ About us"]];
    let menu = anna.say("/start").await;
    menu.only("A short survey").keys(rows);
    let about = menu.messages[0].key("ℹ️ About us").unwrap();
    assert_eq!(about.url.as_deref(), Some("https://example.org/survey"));
    anna.press("📊 Results")
        .await
        .expect("0 people have answered.");
    anna.say("/survey")
        .await
        .only("Have you visited us before?")
        .keys(&[&["Yes", "No"], &["Cancel"]]);
    anna.say("maybe").await.only("yes");
    anna.press("Yes").await.only("How was it");
    for wrong in ["six", "6", "0", "-1", "4.5", "99999999999999999999999"] {
        anna.say(wrong).await.only("A number from 1 to 5");
    }
    // Several answers at once: the keyboard is edited in place, the question stays.
    let liked = anna.say("5").await;
    liked.only("What did you like?").keys(&[
        &["▫️ ☕ Coffee", "▫️ 🍰 Cakes"],
        &["▫️ 🙂 People", "▫️ 🎵 Music"],
        &["✔️ Done"],
        &["← Back", "Cancel"],
    ]);
    anna.press("▫️ ☕ Coffee").await;
    anna.press("▫️ 🎵 Music")
        .await
        .only("What did you like?")
        .keys(&[
            &["✅ ☕ Coffee", "▫️ 🍰 Cakes"],
            &["▫️ 🙂 People", "✅ 🎵 Music"],
            &["✔️ Done (2)"],
            &["← Back", "Cancel"],
        ]);
    anna.press("✔️ Done (2)")
        .await
        .only("May we write back to you?")
        .keys(&[&["✉️ Yes, please", "No need"], &["← Back", "Cancel"]]);
    anna.press("✉️ Yes, please").await.only("Your e-mail");
    anna.say("nobody").await.only("e-mail");
    let thanks = anna.say("anna@example.org").await;
    thanks
        .only("Thank you!")
        .expect("You gave us 5 of 5.")
        .keys(&[&["📊 Results"]]);
    anna.press("📊 Results")
        .await
        .expect("1 person has answered.")
        .expect("we got 5 of 5");
    // Once is enough.
    anna.say("/survey").await.only("You have answered already.");
    let sql = "SELECT count(*) FROM answers WHERE bot_id = 'survey' AND visited = 1 AND rating = 5 \
               AND liked = 'coffee,music' AND reason IS NULL AND email = 'anna@example.org'";
    assert_eq!(world.db().number(sql).await, 1);
}

async fn unhappy(world: &World, anna: &Talk) {
    anna.say("/survey")
        .await
        .only("Вы бывали у нас раньше?")
        .keys(&[&["Да", "Нет"], &["Отмена"]]);
    anna.say("нет").await.only("Что нам улучшить?");
    anna.press("← Назад").await.only("Вы бывали у нас раньше?");
    anna.press("Нет").await.only("Что нам улучшить?");
    if world.channel() != Channel::Preview {
        anna.photo()
            .await
            .only("Напишите, пожалуйста, ответ текстом.");
    }
    let long = "я".repeat(501);
    anna.say(&long).await.only("500");
    anna.say("Больше пирогов").await.only("Можно вам написать?");
    anna.press("Не нужно").await.only("Спасибо!");
    let seen = anna.say("/results").await;
    seen.only("Ответили 2 человека.")
        .expect("В среднем нам поставили 5 из 5.");
    let sql = "SELECT count(*) FROM answers WHERE visited = 0 AND rating IS NULL AND reason = 'Больше пирогов' AND email IS NULL";
    assert_eq!(world.db().number(sql).await, 1);
}

/// A branch that was left again leaves nothing behind.
async fn going_back(world: &World, vera: &Talk) {
    vera.say("/survey")
        .await
        .only("Have you visited us before?");
    vera.press("Yes").await.only("How was it");
    vera.say("2").await.only("What should we do better?");
    vera.press("← Back").await.only("How was it");
    vera.press("← Back")
        .await
        .only("Have you visited us before?");
    vera.press("No").await.only("What should we do better?");
    vera.say("plumbus").await.only("May we write back");
    vera.press("No need").await.only("Thank you!");
    let sql =
        "SELECT count(*) FROM answers WHERE visited = 0 AND rating IS NULL AND reason = 'plumbus'";
    assert_eq!(world.db().number(sql).await, 1);
}

/// Two bots of one deployment share nothing but the process.
async fn apart(world: &World) {
    let anna = world.person("Olga", "en");
    let there = anna.with_bot("survey");
    anna.say("/book").await.only(EN.ask_service);
    there
        .say("/survey")
        .await
        .only("Have you visited us before?");
    anna.press(EN.spa).await.only(EN.ask_slot);
    there.press("Yes").await.only("How was it");
    anna.say("2030-01-15 14:00").await.only(EN.ask_note);
    there.say("/cancel").await.only(EN.cancelled);
    anna.say("/skip").await.only(EN.done);
    // A language chosen with one bot is not the other's.
    there.say("/lang").await;
    there.press("Русский").await;
    there.say("/survey").await.only("Вы бывали у нас раньше?");
    there.say("/cancel").await.only(RU.cancelled);
    anna.say("/help").await.only(EN.help);
}
