/** Takes the mails that DevAuth sends, for tests to read. */
import type { AddressInfo } from "node:net";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";

interface Mail {
  to: string;
  text: string;
}

export class Mailbox {
  readonly #mails: Mail[] = [];
  readonly #waiting = new Set<() => void>();
  #server!: SMTPServer;

  static async start(): Promise<Mailbox> {
    const mailbox = new Mailbox();
    mailbox.#server = new SMTPServer({
      disabledCommands: ["AUTH", "STARTTLS"],
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", async () => {
          const { text = "" } = await PostalMime.parse(Buffer.concat(chunks));
          for (const { address } of session.envelope.rcptTo) mailbox.#mails.push({ to: address, text });
          for (const wake of mailbox.#waiting) wake();
          done();
        });
      },
    });
    await new Promise<void>((resolve) => mailbox.#server.listen(0, "127.0.0.1", resolve));
    return mailbox;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  /** The token of the newest mail to `address` with a link to `page`; waits until there is one, and takes it out. */
  async token(address: string, page: "verify-email" | "reset-password"): Promise<string> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const index = this.#mails.findLastIndex((mail) => mail.to === address && mail.text.includes(`/${page}?token=`));
      if (index >= 0) return /token=([\w-]+)/.exec(this.#mails.splice(index, 1)[0]!.text)![1]!;
      if (Date.now() > deadline) throw new Error(`no mail with a link to /${page} came`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, 1000);
        this.#waiting.add(wake);
      });
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
