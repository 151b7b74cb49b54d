// Seeds, and texts that somebody might hand in for each. Written for this table; nothing in them is from a real run.
import { seedOf } from "../../seed/support/seed-of.ts";

const CATALOGUE = seedOf({
  goal: "Serve a small read-only HTTP catalogue of books stored in one JSON file",
  constraints: ["Node 22, no runtime dependencies", "Start-up time under one second"],
  acceptance_criteria: [
    "GET /books answers 200 with a JSON array sorted by title",
    "GET /books/:id answers 404 with a JSON error for an unknown id",
  ],
  ontology_schema: {
    name: "Catalogue",
    description: "Books and the index that lists them",
    fields: [
      { name: "book", type: "object", description: "One catalogue entry with id, title and year" },
      { name: "title", type: "string", description: "What the list is sorted by" },
    ],
  },
});

const SCHEDULER = seedOf({
  goal: "Retry failed webhook deliveries with exponential backoff and give up after five attempts",
  acceptance_criteria: [
    "A delivery that fails is retried after 1, 2, 4 and 8 seconds",
    "After the fifth attempt the delivery is marked as dead",
  ],
  ontology_schema: {
    name: "Deliveries",
    description: "Webhooks on their way",
    fields: [
      { name: "delivery", type: "object", description: "One webhook call and its attempts" },
      { name: "nextAttempt", type: "datetime", description: "When it is tried again" },
      { name: "status", type: "string", description: "pending, delivered or dead" },
    ],
  },
});

const BUDGET = seedOf({
  goal: "Ein Haushaltsbuch für die Kommandozeile, das Ausgaben nach Kategorien erfasst und Monatsberichte ausgibt",
  constraints: ["Keine Netzwerkzugriffe"],
  acceptance_criteria: [
    "`buch add 12.50 Essen` speichert eine Ausgabe in der Kategorie Essen",
    "`buch bericht 2025-06` gibt die Summe je Kategorie für den Monat aus",
  ],
  ontology_schema: {
    name: "Haushaltsbuch",
    description: "Ausgaben und ihre Kategorien",
    fields: [
      { name: "ausgabe", type: "object", description: "Betrag, Datum und Kategorie" },
      { name: "kategorie", type: "string", description: "Wofür Geld ausgegeben wurde" },
    ],
  },
});

const TASKS = seedOf({
  goal: "做一个命令行待办事项工具，支持添加、完成和删除任务，并把数据保存在本地文件中",
  acceptance_criteria: ["运行 todo add 可以添加任务", "运行 todo done 可以把任务标记为完成", "重新启动后任务仍然存在"],
  ontology_schema: {
    name: "待办事项",
    description: "任务列表",
    fields: [
      { name: "任务", type: "object", description: "一条待办事项" },
      { name: "状态", type: "string", description: "未完成或完成" },
    ],
  },
});

const BOOKINGS = seedOf({
  goal: "Crear una página web donde los clientes puedan reservar mesas en el restaurante y cancelar sus reservas",
  acceptance_criteria: [
    "Un cliente puede reservar una mesa para una fecha y una hora libres",
    "Una reserva cancelada deja la mesa libre",
  ],
  ontology_schema: {
    name: "Reservas",
    description: "Mesas y quién las ocupa",
    fields: [
      { name: "reserva", type: "object", description: "Mesa, fecha, hora y cliente" },
      { name: "mesa", type: "object", description: "Una mesa del restaurante" },
    ],
  },
});

export const SEEDS = { CATALOGUE, SCHEDULER, BUDGET, TASKS, BOOKINGS } as const;
export type SeedName = keyof typeof SEEDS;

/** Nothing in these is about any of the seeds. */
export const UNRELATED = {
  garden:
    "We planted tomatoes along the southern wall and put straw between the rows. The soil is heavy there, so the beds drain badly after rain. In autumn the compost gets turned, and the roses are cut back before the first frost.",
  css: "Adjusted the colour palette of the landing page: buttons are darker, headings use the brand typeface, and spacing follows an eight pixel grid. Hover effects were toned down. Accessibility contrast now passes on every theme.",
  travel:
    "Am Samstag sind wir mit dem Zug an die Küste gefahren und haben im Regen Fischbrötchen gegessen. Das Hotel lag direkt am Hafen, die Zimmer waren klein, aber sauber. Auf der Rückfahrt haben wir lange über Musik gesprochen.",
  football:
    "昨天的足球比赛非常精彩，主队在下半场连进三球逆转获胜。球迷们在看台上唱歌庆祝，教练赛后表示对年轻球员的表现很满意。下周他们将前往客场迎战榜首。",
  weather:
    "Mañana lloverá en el norte y hará mucho viento en la costa. Las temperaturas bajarán cinco grados y habrá nieve por encima de los mil metros. El fin de semana volverá el sol a casi todo el país.",
  game: "The renderer now batches sprites into a single draw call and culls whatever lies outside the camera. Particle effects run on the graphics card. Frame rate on the test scene rose from forty to ninety, and memory went down by a third.",
  recipe:
    "Melt the butter slowly, add flour and stir until it smells of nuts. Pour in cold milk while whisking, season with nutmeg and let it thicken for ten minutes. Layer with the vegetables and bake until golden.",
} as const;

export interface DriftText {
  readonly seed: SeedName;
  readonly kind: "faithful" | "partial" | "off_topic" | "empty";
  readonly name: string;
  readonly text: string;
}

export const TEXTS: readonly DriftText[] = [
  {
    seed: "CATALOGUE",
    kind: "faithful",
    name: "a plain report",
    text: "Added src/server.mjs with GET /books and GET /books/:id. The catalogue is read once from books.json when the HTTP server starts, lists are sorted by title, and an unknown id answers 404 with a JSON error. There are no dependencies; node --test passes 9 tests.",
  },
  {
    seed: "CATALOGUE",
    kind: "faithful",
    name: "a terse commit message",
    text: "Book catalogue over HTTP: list and single book from a JSON file, sorted by title, 404 for unknown ids. Read-only, other methods get 405.",
  },
  {
    seed: "CATALOGUE",
    kind: "faithful",
    name: "a list of files with what each does",
    text: "- data/books.json: the stored books\n- lib/catalogue.js: loads the file, sorts by title, finds one book\n- bin/serve.js: the http server and its routes\n- test/catalogue.test.js: 12 tests, all passing\nWriting is refused everywhere.",
  },
  {
    seed: "CATALOGUE",
    kind: "partial",
    name: "half of it, and about something else",
    text: "Wrote the loader that parses the JSON file and validates each entry, with unit tests. Then spent the time on the build: bundling, minification and a container image. Routes are still missing.",
  },
  { seed: "CATALOGUE", kind: "off_topic", name: "a garden", text: UNRELATED.garden },
  { seed: "CATALOGUE", kind: "off_topic", name: "a stylesheet", text: UNRELATED.css },
  {
    seed: "CATALOGUE",
    kind: "off_topic",
    name: "another program of the same trade",
    text: "Implemented user login with OAuth. Sessions are kept in Redis and expire after thirty minutes; passwords are hashed with argon2. Added rate limiting to the sign-in form and an audit log for administrators.",
  },
  { seed: "CATALOGUE", kind: "empty", name: "nothing", text: "" },
  {
    seed: "SCHEDULER",
    kind: "faithful",
    name: "a plain report",
    text: "Failed deliveries are now retried by src/retry.ts. The wait doubles from one second (exponential backoff), and after the fifth attempt a webhook delivery gets the status dead and is never tried again. Covered by tests with a fake clock.",
  },
  {
    seed: "SCHEDULER",
    kind: "faithful",
    name: "in the words of somebody else",
    text: "When a webhook cannot be delivered we schedule the next attempt with exponential delays of 1, 2, 4 and 8 s. Five attempts in all; then it stops and the status says so. The retry table survives a restart.",
  },
  {
    seed: "SCHEDULER",
    kind: "partial",
    name: "the table without the retrying",
    text: "Created the deliveries table with a status column and an index, and a page that lists the newest ones. Nothing is sent again so far.",
  },
  { seed: "SCHEDULER", kind: "off_topic", name: "a renderer", text: UNRELATED.game },
  { seed: "SCHEDULER", kind: "off_topic", name: "a recipe", text: UNRELATED.recipe },
  {
    seed: "BUDGET",
    kind: "faithful",
    name: "a plain report in German",
    text: "Das Haushaltsbuch läuft in der Kommandozeile. `buch add` erfasst Ausgaben mit Betrag und Kategorie, `buch bericht` gibt den Monatsbericht mit der Summe je Kategorie aus. Gespeichert wird in einer JSON-Datei, das Netzwerk wird nicht benutzt. Alle Tests sind grün.",
  },
  {
    seed: "BUDGET",
    kind: "faithful",
    name: "other forms of the same words",
    text: "Jede erfasste Ausgabe gehört zu einer Kategorie. Für einen Monat lassen sich Berichte ausgeben, nach Kategorie summiert. Bedient wird alles über die Kommandozeile mit dem Befehl buch.",
  },
  { seed: "BUDGET", kind: "off_topic", name: "a journey", text: UNRELATED.travel },
  {
    seed: "BUDGET",
    kind: "off_topic",
    name: "another program in German",
    text: "Die Anmeldung unterstützt jetzt zwei Faktoren. Codes kommen per E-Mail oder aus einer App, verlorene Geräte lassen sich sperren. Dazu gibt es eine Seite für die Verwaltung der Sitzungen und neue Texte für Fehlermeldungen.",
  },
  {
    seed: "TASKS",
    kind: "faithful",
    name: "a plain report in Chinese",
    text: "命令行工具已经完成：可以用 add 添加任务，用 done 把任务的状态改为完成，用 rm 删除任务。所有数据都保存在本地的 JSON 文件中，重新启动后待办事项仍然存在。测试全部通过。",
  },
  {
    seed: "TASKS",
    kind: "faithful",
    name: "a short one in Chinese",
    text: "实现了待办事项工具。支持添加任务、完成任务、删除任务；任务状态写入本地文件。",
  },
  { seed: "TASKS", kind: "off_topic", name: "a football match", text: UNRELATED.football },
  {
    seed: "BOOKINGS",
    kind: "faithful",
    name: "a plain report in Spanish",
    text: "La página permite a los clientes elegir fecha y hora y reservar una mesa libre del restaurante. Cada reserva se puede cancelar con un enlace, y entonces la mesa vuelve a estar disponible. Todas las pruebas pasan.",
  },
  {
    seed: "BOOKINGS",
    kind: "faithful",
    name: "a list in Spanish",
    text: "- formulario web para la reserva de mesas\n- cancelación de reservas por el cliente\n- el restaurante ve las mesas ocupadas del día\n- 14 pruebas",
  },
  { seed: "BOOKINGS", kind: "off_topic", name: "the weather", text: UNRELATED.weather },
  {
    seed: "BOOKINGS",
    kind: "off_topic",
    name: "another program in Spanish",
    text: "El importador lee archivos CSV grandes por partes, valida cada fila y guarda los errores en un informe. Se añadió una barra de progreso y la posibilidad de continuar después de una interrupción.",
  },
];
