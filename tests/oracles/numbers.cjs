// What npm libphonenumber-js makes of each number of the standard input, one JSON pair a line: [number, region].
const { createInterface } = require("node:readline");
const { parsePhoneNumberFromString } = require("libphonenumber-js/max");

createInterface({ input: process.stdin }).on("line", (line) => {
  const [number, region] = JSON.parse(line);
  const parsed = parsePhoneNumberFromString(number, { defaultCountry: region, extract: false });
  const valid = parsed?.isValid() ?? false;
  console.log(JSON.stringify({ e164: valid ? parsed.number : null, type: (valid && parsed.getType()) || null }));
});
