// Talks to the bots on the chat page and keeps a picture of each block. Started by pictures.sh.
import { createRequire } from "node:module";
import { mkdirSync, readdirSync, statSync, unlinkSync } from "node:fs";

const [, , base, folder, modules, chromium] = process.argv;
const { chromium: browsers } = createRequire(modules + "/")("playwright-core");

// name, bot, language, what is done ("/…" and words are said, "[…]" is pressed), messages in the picture.
const PICTURES = [
  ["menu", "booking", "en", [], 1],
  ["toast", "booking", "en", ["[Opening hours]"], 1],
  ["choice", "booking", "en", ["/book"], 2],
  ["calendar-month", "booking", "en", ["/book", "[Spa]", "[›]"], 1],
  ["calendar-times", "booking", "ru", ["/book", "[СПА]", "[›]", "[20]"], 1],
  ["list", "booking", "en", ["/book", "[Massage]", "[›]", "[18]", "[10:30]", "[Skip]", "/my"], 1],
  ["language", "booking", "en", ["/lang"], 1],
  ["rating", "survey", "en", ["/survey", "[Yes]"], 1],
  ["multiselect", "survey", "en", ["/survey", "[Yes]", "[4 ⭐]", "[Coffee]", "[Music]"], 1],
  ["confirm", "survey", "ru", ["/survey", "[Да]", "[5 ⭐]", "[Пирожные]", "[Готово]"], 1],
  ["each", "shop", "en", ["/catalogue"], 1],
  ["pagination", "shop", "en", ["/catalogue", "[Black tea]"], 1],
  ["pagination-search", "shop", "ru", ["/find", "ча"], 2],
  ["number", "shop", "en", ["/product 3", "[Into the basket]", "[+]", "[+]"], 1],
  ["basket", "shop", "ru", ["/add 3", "2", "/add 10", "5", "/basket"], 1],
  ["ratelimit", "support", "en", ["/urgent", "/urgent", "/urgent"], 2],
];

const browser = await browsers.launch({ executablePath: chromium });
mkdirSync(folder, { recursive: true });
for (const file of readdirSync(folder)) if (file.endsWith(".png")) unlinkSync(`${folder}/${file}`);
for (const [name, bot, locale, steps, messages] of PICTURES) {
  const context = await browser.newContext({ viewport: { width: 620, height: name === "toast" ? 390 : 900 }, deviceScaleFactor: 1.25, colorScheme: "light", reducedMotion: "reduce" });
  const page = await context.newPage();
  const answered = () => page.waitForResponse(response => response.url().endsWith("/preview/send"));
  await Promise.all([answered(), page.goto(`${base}/#${bot}`)]);
  // A person of this picture's own, and of its language.
  await page.evaluate(number => {
    const person = document.getElementById("person");
    person.append(Object.assign(document.createElement("option"), { value: number, textContent: number }));
  }, String(1000 + PICTURES.findIndex(one => one[0] === name)));
  await page.selectOption("#locale", locale);
  await Promise.all([answered(), page.selectOption("#person", { index: 2 })]);
  for (const step of steps) {
    const label = step.match(/^\[(.*)\]$/)?.[1];
    if (label === undefined) {
      await page.fill("#text", step);
      await Promise.all([answered(), page.press("#text", "Enter")]);
    } else {
      const exact = page.locator(".keys button", { hasText: new RegExp(`^\\s*${label.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`) });
      const button = (await exact.count()) ? exact.last() : page.locator(".keys button", { hasText: label }).last();
      await Promise.all([answered(), button.click()]);
    }
    await page.waitForTimeout(120);
  }
  const turns = page.locator("#log > *");
  const boxes = [];
  const count = await turns.count();
  for (let at = Math.max(0, count - messages); at < count; at++) boxes.push(await turns.nth(at).boundingBox());
  const toast = page.locator("#toast.show");
  if (await toast.count()) boxes.push(await toast.boundingBox());
  const x = Math.max(0, Math.min(...boxes.map(box => box.x)) - 12), y = Math.max(0, Math.min(...boxes.map(box => box.y)) - 4);
  const right = Math.max(...boxes.map(box => box.x + box.width)) + 8, bottom = Math.max(...boxes.map(box => box.y + box.height)) + 6;
  const path = `${folder}/${name}.png`;
  await page.screenshot({ path, clip: { x, y, width: right - x, height: bottom - y } });
  if (statSync(path).size >= 60_000) throw new Error(`${path} is too large: ${statSync(path).size} bytes`);
  console.log(`${path} ${statSync(path).size} bytes`);
  await context.close();
}
await browser.close();
