// One way to talk to the server: JSON there, JSON or a problem document back.

/** `{ answer }` when the server answered (faults included), `{ problem }` with a sentence when it refused or is away. */
export async function send(url, csrf, body) {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRFToken': csrf },
      body: JSON.stringify(body),
    });
    const content = await answer.json();
    if (answer.ok || content.faults) return { answer: content };
    return { problem: content.detail || content.title || `${answer.status}` };
  } catch (error) {
    return { problem: error instanceof SyntaxError ? '' : String(error.message) };
  }
}
