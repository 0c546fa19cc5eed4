// How npm sms-segments-calculator sends each text of the standard input, one JSON string a line: its encoding and its parts.
const { createInterface } = require("node:readline");
const { SegmentedMessage } = require("sms-segments-calculator");

createInterface({ input: process.stdin }).on("line", (line) => {
  const { encodingName, segmentsCount } = new SegmentedMessage(JSON.parse(line), "auto", false);
  console.log(JSON.stringify({ encoding: encodingName, segments: segmentsCount }));
});
