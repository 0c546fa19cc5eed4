//! The bytes of a file on their way to the CSV parser.
//!
//! Architecture invariant: what comes out has no byte order mark, LF for every line end and one at the end, so that
//! line numbers are right (the parser counts LF alone); and no row can hold much more than [`MAX_ROW_BYTES`] in memory.

use std::io::{self, Chain, Cursor, Read};

use encoding_rs::{Decoder, UTF_8};

use super::{FileError, MAX_ROW_BYTES};

/// The most bytes looked at to tell the delimiter: as many as a header may take.
const PREFIX_BYTES: u64 = MAX_ROW_BYTES as u64;
/// What the parser reads ahead, in bytes.
pub(super) const BUFFER_BYTES: usize = 16 * 1024;
/// What a workbook begins with: a ZIP archive (xlsx, ods) or an OLE2 file (xls).
const WORKBOOK_MAGIC: [&[u8]; 2] = [b"PK\x03\x04", b"\xD0\xCF\x11\xE0"];
const UTF8_BOM: &[u8] = b"\xEF\xBB\xBF";
const UTF16_BOMS: [&[u8]; 2] = [b"\xFF\xFE", b"\xFE\xFF"];

/// The first bytes of a file, looked at before the rest is read.
pub(super) struct Opening<R> {
    /// At most [`PREFIX_BYTES`], byte order mark removed.
    pub prefix: Vec<u8>,
    /// Whether the file says that it is in UTF-8.
    pub bom: bool,
    rest: R,
}

/// Reads the beginning of a file and refuses what is not a text in a superset of ASCII.
pub(super) fn open<R: Read>(mut reader: R) -> Result<Opening<R>, FileError> {
    let mut prefix = Vec::new();
    reader.by_ref().take(PREFIX_BYTES).read_to_end(&mut prefix)?;
    if WORKBOOK_MAGIC.iter().any(|magic| prefix.starts_with(magic)) {
        return Err(FileError::Workbook);
    }
    if UTF16_BOMS.iter().any(|bom| prefix.starts_with(bom)) || is_utf16(&prefix) {
        return Err(FileError::Utf16);
    }
    let bom = prefix.starts_with(UTF8_BOM);
    if bom {
        prefix.drain(..UTF8_BOM.len());
    }
    Ok(Opening { prefix, bom, rest: reader })
}

/// UTF-16 without a mark: about every second byte is NUL, and always on the same side.
fn is_utf16(bytes: &[u8]) -> bool {
    let nuls = |side: usize| bytes.iter().skip(side).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (nuls(0), nuls(1));
    even.min(odd) == 0 && even.max(odd) * 4 > bytes.len()
}

/// A file as the CSV parser reads it.
pub(super) struct Source<R> {
    inner: Chain<Cursor<Vec<u8>>, R>,
    scan: Scan,
    after_cr: bool,
    last: Option<u8>,
    row_bytes: usize,
}

impl<R: Read> Source<R> {
    /// The whole file, prefix included. Every byte is looked at on its way.
    pub fn new(opening: Opening<R>) -> Self {
        let inner = Cursor::new(opening.prefix).chain(opening.rest);
        Self { inner, scan: Scan::new(), after_cr: false, last: None, row_bytes: 0 }
    }

    /// Says that a row came out: the next may take its own [`MAX_ROW_BYTES`].
    pub fn end_row(&mut self) {
        self.row_bytes = 0;
    }

    /// What the scan found, once everything was read.
    pub fn into_scan(mut self) -> Scan {
        self.scan.decode(&[], true);
        self.scan
    }

    /// Makes CRLF and CR one LF, in place; gives the length that remains.
    fn normalise(&mut self, bytes: &mut [u8]) -> usize {
        let mut kept = 0;
        for index in 0..bytes.len() {
            let byte = bytes[index];
            if byte == b'\n' && self.after_cr {
                self.after_cr = false;
                continue;
            }
            self.after_cr = byte == b'\r';
            bytes[kept] = if self.after_cr { b'\n' } else { byte };
            kept += 1;
        }
        kept
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let read = match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if read == 0 {
                let unfinished = self.last.is_some_and(|byte| byte != b'\n');
                if unfinished {
                    buffer[0] = b'\n';
                    self.last = Some(b'\n');
                }
                return Ok(usize::from(unfinished));
            }
            self.scan.feed(&buffer[..read]).map_err(io::Error::other)?;
            let kept = self.normalise(&mut buffer[..read]);
            if kept == 0 {
                continue;
            }
            self.last = Some(buffer[kept - 1]);
            self.row_bytes += kept;
            if self.row_bytes > MAX_ROW_BYTES + BUFFER_BYTES {
                // The line is filled in by whoever parses: it is not known here.
                return Err(io::Error::other(FileError::RowTooLong { line: 0 }));
            }
            return Ok(kept);
        }
    }
}

/// What the bytes of a file can be.
pub(super) struct Scan {
    decoder: Decoder,
    decoded: Vec<u8>,
    /// Every byte so far is UTF-8.
    pub utf8: bool,
    /// No byte so far is one that Windows-1252 leaves undefined.
    pub windows_1252: bool,
}

impl Scan {
    fn new() -> Self {
        let decoder = UTF_8.new_decoder_without_bom_handling();
        Self { decoder, decoded: vec![0; 8 * 1024], utf8: true, windows_1252: true }
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        if bytes.contains(&0) {
            return Err(FileError::Binary);
        }
        self.windows_1252 &= !bytes.iter().any(|byte| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D));
        self.decode(bytes, false);
        Ok(())
    }

    /// Follows the bytes as UTF-8; a character left unfinished at the last is not.
    fn decode(&mut self, mut bytes: &[u8], last: bool) {
        while self.utf8 {
            let (result, read, _, errors) = self.decoder.decode_to_utf8(bytes, &mut self.decoded, last);
            self.utf8 = !errors;
            bytes = &bytes[read..];
            if result == encoding_rs::CoderResult::InputEmpty {
                break;
            }
        }
    }
}
