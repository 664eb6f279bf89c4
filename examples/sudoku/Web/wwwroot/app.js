// The page of the example: a board, one question to /api/solve at a time, and who answered how often.

const element = id => document.getElementById(id);
const board = element("board");
const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

const cells = Array.from({ length: 81 }, (_, cell) => {
  const input = document.createElement("input");
  input.inputMode = "numeric";
  input.maxLength = 1;
  input.ariaLabel = `Row ${Math.floor(cell / 9) + 1}, column ${(cell % 9) + 1}`;
  board.append(input);
  return input;
});

let asked = ".".repeat(81); // the puzzle that the board started from
let streaming = false;
let streams = 0;
const solvers = new Map(); // instance -> { release, solved, failed, micros of the last answer }
const totals = { answers: 0, failures: 0, unanswered: 0 };

// The board

const boardText = () => cells.map(input => input.value || ".").join("");

function show(puzzle, solution = "") {
  asked = puzzle;
  cells.forEach((input, cell) => {
    const clue = /[1-9]/.test(puzzle[cell]);
    input.value = clue ? puzzle[cell] : solution[cell] ?? "";
    input.className = clue ? "clue" : solution ? "found" : "";
    input.style.animationDelay = solution ? `${(Math.floor(cell / 9) + (cell % 9)) * 18}ms` : "";
  });
}

board.addEventListener("input", ({ target }) => {
  target.value = target.value.replace(/[^1-9]/g, "");
  target.className = target.value ? "clue" : "";
});

board.addEventListener("focusin", ({ target }) => target.select());

board.addEventListener("keydown", event => {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -9, ArrowDown: 9 }[event.key];
  const next = cells[cells.indexOf(event.target) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
});

board.addEventListener("paste", event => {
  const text = event.clipboardData.getData("text").replace(/\s/g, "");
  if (text.length > 1) {
    event.preventDefault();
    if (/^[0-9.]{81}$/.test(text)) {
      show(text);
      say("A pasted puzzle", `${clues(text)} clues. Press Solve.`);
    } else {
      say("That is no puzzle", `A puzzle has 81 characters, digits and dots; the pasted text has ${text.length}.`, true);
    }
  }
});

// The question and its answer

async function solve(puzzle) {
  const started = performance.now();
  try {
    const response = await fetch("/api/solve", { method: "POST", headers: { "content-type": "text/plain" }, body: puzzle });
    const body = await response.json();
    count(response.status, body);
    return { status: response.status, body, elapsed: performance.now() - started };
  } catch (fault) {
    totals.unanswered++;
    const body = { title: "The web front did not answer", detail: fault.message };
    return { status: 0, body, elapsed: performance.now() - started };
  }
}

function report(puzzle, { status, body, elapsed }) {
  if (status !== 200) {
    const by = body.solver ? ` (${body.solver}, release ${body.release})` : "";
    say(body.title ?? `HTTP ${status}`, `${body.detail ?? `HTTP ${status} and no reason given.`}${by}`, true);
    return;
  }

  show(puzzle, body.solution);
  const others = body.unique ? "" : " It is one of several solutions.";
  say(`Solved by ${body.solver}`, `Release ${body.release}, ${time(body.micros)} of search, ${Math.round(elapsed)} ms in all.${others}`);
}

function say(headline, detail, bad = false) {
  element("headline").textContent = headline;
  element("detail").textContent = detail;
  element("answer").classList.toggle("bad", bad);
}

const time = micros => (micros < 1000 ? `${micros} µs` : micros < 1e6 ? `${(micros / 1000).toFixed(1)} ms` : `${(micros / 1e6).toFixed(2)} s`);
const clues = puzzle => puzzle.replace(/[.0]/g, "").length;

// Who answered

// A puzzle without a solution is an answer; a status from 500 up is a failure.
function count(status, { solver, release, micros }) {
  const failed = status >= 500;
  totals.answers += failed ? 0 : 1;
  totals.failures += failed ? 1 : 0;
  if (!solver) {
    return;
  }

  const row = solvers.get(solver) ?? { solved: 0, failed: 0 };
  row.solved += failed ? 0 : 1;
  row.failed += failed ? 1 : 0;
  solvers.set(solver, { ...row, release, micros: micros ?? row.micros });
}

function showSolvers() {
  const most = Math.max(1, ...[...solvers.values()].map(row => row.solved));
  const rows = [...solvers].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })).map(([name, row]) => {
    const answers = document.createElement("td");
    answers.append(String(row.solved));
    if (row.failed > 0) {
      const failed = document.createElement("span");
      failed.className = "failed";
      failed.textContent = `, ${row.failed} failed`;
      answers.append(failed);
    }
    const bar = document.createElement("span");
    bar.className = "bar";
    bar.style.width = `${(100 * row.solved) / most}%`;
    answers.append(bar);
    const tr = document.createElement("tr");
    tr.append(cell(name), cell(row.release), answers, cell(row.micros === undefined ? "" : time(row.micros)));
    return tr;
  });
  if (rows.length > 0) {
    element("solvers").replaceChildren(...rows);
  }

  const lost = totals.failures + totals.unanswered;
  element("totals").textContent = totals.answers + lost > 0 ? `${totals.answers} answered, ${lost} failed since this page was opened.` : "";
}

function cell(text) {
  const td = document.createElement("td");
  td.textContent = text;
  return td;
}

// The buttons

let puzzles;

async function pick() {
  puzzles ??= await (await fetch("/api/puzzles")).json();
  const [least, most] = element("kind").value.split("-").map(Number);
  const fitting = puzzles.filter(puzzle => clues(puzzle) >= least && clues(puzzle) <= most);
  return fitting[Math.floor(Math.random() * fitting.length)];
}

async function pickAndShow() {
  try {
    const puzzle = await pick();
    show(puzzle);
    say("A picked puzzle", `${clues(puzzle)} clues, exactly one solution. Press Solve.`);
  } catch {
    say("No puzzles could be had", "The web front did not answer. Try again in a moment.", true);
  }
}

element("puzzle").addEventListener("submit", async event => {
  event.preventDefault();
  const button = event.submitter ?? event.target.querySelector(".primary");
  button.disabled = true;

  // A full board is asked for again as the puzzle that it came from.
  const puzzle = cells.some(input => input.className === "found") ? asked : boardText();
  report(puzzle, await solve(puzzle));
  showSolvers();
  button.disabled = false;
});

element("pick").addEventListener("click", pickAndShow);
element("reset").addEventListener("click", () => show(asked));
element("clear").addEventListener("click", () => {
  show(".".repeat(81));
  cells[0].focus();
});

element("stream").addEventListener("click", async ({ target }) => {
  streaming = !streaming;
  target.ariaPressed = String(streaming);
  element("answer").ariaLive = streaming ? "off" : "polite"; // ten answers a second are too many to be read aloud
  const mine = ++streams; // pressed off and on again, the earlier stream ends all the same
  while (streaming && mine === streams) {
    try {
      const puzzle = await pick();
      report(puzzle, await solve(puzzle));
    } catch {
      totals.unanswered++;
    }
    showSolvers();
    await pause(100);
  }
});

await pickAndShow();
