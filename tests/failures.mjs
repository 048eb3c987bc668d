// A reporter for node --test: the file and the name of each test that failed, a line each.
export default async function* failures(events) {
  for await (const {type, data} of events)
    if (type === 'test:fail') yield `${data.file ?? data.name}\t${data.name}\n`;
}
