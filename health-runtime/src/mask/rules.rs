//! The input of the rules and their table: names of secrets, forms of tokens, and words in the place of a secret.

use std::{cell::Cell, ops::Range};

use super::letters::Letter;

/// A position in a text at which the rules search for a secret.
pub(super) struct Position<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) letter: Letter,
    /// The name or word that begins here; empty at a sign.
    pub(super) run: Range<usize>,
    /// End of the latest mask. Rules ignore the text in front of it.
    pub(super) floor: usize,
    pub(super) at_signs: &'a Cell<AtSignCache>,
}

/// For each depth of encoding: the end of the word that was searched last, and the last `@` in it.
pub(super) type AtSignCache = [(usize, Option<usize>); 4];

/// The kind of value that a name announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretKind {
    Password,
    Secret,
    /// Several secrets, or a count of them: numbers stay.
    Plural,
    /// A short word with other meanings: only with `=` or in quotes, and numbers stay.
    Short,
    /// Base64 if it is a secret.
    Encoded,
    Authorization,
    Cookie,
}

/// Last words of secret names, in lower case and without separators. `DB_PASSWORD_1` and `clientSecretOld` match as well.
pub(super) const SECRET_NAMES: &[(&str, SecretKind)] = &[
    ("password", SecretKind::Password),
    ("passwd", SecretKind::Password),
    ("passphrase", SecretKind::Password),
    ("passcode", SecretKind::Password),
    ("passwort", SecretKind::Password),
    ("identifiedby", SecretKind::Password), // SQL
    ("pwd", SecretKind::Password),
    ("secret", SecretKind::Secret),
    ("token", SecretKind::Secret),
    ("apikey", SecretKind::Secret),
    ("accesskey", SecretKind::Secret),
    ("accountkey", SecretKind::Secret),
    ("authkey", SecretKind::Secret),
    ("consumerkey", SecretKind::Secret),
    ("decryptionkey", SecretKind::Secret),
    ("encryptionkey", SecretKind::Secret),
    ("masterkey", SecretKind::Secret),
    ("privatekey", SecretKind::Secret),
    ("secretkey", SecretKind::Secret),
    ("sessionkey", SecretKind::Secret),
    ("sharedkey", SecretKind::Secret),
    ("signingkey", SecretKind::Secret),
    ("sshkey", SecretKind::Secret),
    ("storagekey", SecretKind::Secret),
    ("subscriptionkey", SecretKind::Secret),
    ("credential", SecretKind::Secret),
    ("signature", SecretKind::Short),
    ("authorization", SecretKind::Authorization),
    ("cookie", SecretKind::Cookie),
];

/// Names that count as a whole word only, unlike `bypass` and `config`.
pub(super) const WHOLE_SECRET_NAMES: &[(&str, SecretKind)] = &[
    ("pass", SecretKind::Short),
    ("sig", SecretKind::Short),
    ("pw", SecretKind::Short),
    ("auth", SecretKind::Encoded),
];

/// Words behind the name: `SECRET_KEY_BASE`, `password_old`.
pub(super) const QUALIFIERS: &[&str] =
    &["base", "current", "new", "old", "plain", "previous", "primary", "prod", "secondary", "string", "value"];

/// Indexed by the last letter of a name or qualifier, and the letter before it. Names may be plural.
pub(super) const ENDINGS: &[[bool; 256]; 256] = &{
    let mut endings = [[false; 256]; 256];
    let mut at = 0;
    while at < SECRET_NAMES.len() {
        let last = add_ending(&mut endings, SECRET_NAMES[at].0);
        endings[b's' as usize][last as usize] = true;
        at += 1;
    }
    at = 0;
    while at < WHOLE_SECRET_NAMES.len() {
        add_ending(&mut endings, WHOLE_SECRET_NAMES[at].0);
        at += 1;
    }
    at = 0;
    while at < QUALIFIERS.len() {
        add_ending(&mut endings, QUALIFIERS[at]);
        at += 1;
    }
    endings
};

/// Adds the last two letters of a word. Returns the last one.
const fn add_ending(endings: &mut [[bool; 256]; 256], word: &str) -> u8 {
    let [.., last_but_one, last] = word.as_bytes() else { panic!("a word of two letters or more") };
    endings[*last as usize][*last_but_one as usize] = true;
    *last
}

/// The letters of a token.
pub(super) type Alphabet = fn(char) -> bool;

/// A form of tokens, recognized by its first letters.
pub(super) struct TokenForm {
    pub(super) prefix: &'static str,
    pub(super) alphabet: Alphabet,
    /// Fewest letters behind the prefix.
    pub(super) min_letters: usize,
    /// The letters behind the prefix contain a dot.
    pub(super) has_dot: bool,
    /// The prefix is an address, which stays.
    pub(super) keeps_prefix: bool,
}

const fn token(prefix: &'static str, min_letters: usize, alphabet: Alphabet) -> TokenForm {
    TokenForm { prefix, alphabet, min_letters, has_dot: false, keeps_prefix: false }
}

const fn dotted(prefix: &'static str, min_letters: usize) -> TokenForm {
    TokenForm { prefix, alphabet: in_jwt, min_letters, has_dot: true, keeps_prefix: false }
}

const fn webhook(prefix: &'static str, alphabet: Alphabet) -> TokenForm {
    TokenForm { prefix, alphabet, min_letters: 8, has_dot: false, keeps_prefix: true }
}

fn plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric()
}

fn in_slug(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-')
}

fn in_jwt(letter: char) -> bool {
    in_slug(letter) || letter == '.'
}

fn in_bot(letter: char) -> bool {
    in_slug(letter) || letter == ':'
}

pub(super) fn in_base64(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '=' | '-' | '_')
}

fn in_path(letter: char) -> bool {
    in_base64(letter) || matches!(letter, '@' | '.' | ':')
}

/// Forms of tokens, after the rules of gitleaks.
pub(super) const TOKEN_FORMS: &[TokenForm] = &[
    // JSON Web Tokens begin with `{"` in base64.
    dotted("eyJ", 17),
    // Amazon Web Services.
    token("AKIA", 16, plain),
    token("ASIA", 16, plain),
    token("ABIA", 16, plain),
    token("ACCA", 16, plain),
    // Source code, packages and their builds.
    token("ghp_", 20, plain),
    token("gho_", 20, plain),
    token("ghu_", 20, plain),
    token("ghs_", 20, plain),
    token("ghr_", 20, plain),
    token("github_pat_", 20, in_slug),
    token("glpat-", 16, in_jwt),
    token("gldt-", 16, in_slug),
    token("glrt-", 16, in_slug),
    token("glptt-", 16, in_slug),
    token("glcbt-", 16, in_slug),
    token("glsoat-", 16, in_slug),
    token("npm_", 30, plain),
    token("pypi-AgE", 20, in_slug),
    token("rubygems_", 30, plain),
    token("dckr_pat_", 20, in_slug),
    token("ATATT3", 40, in_base64),
    token("sntrys_", 30, in_base64),
    // Chat, mail and their addresses that anybody may post to.
    token("xoxb-", 10, in_slug),
    token("xoxp-", 10, in_slug),
    token("xoxa-", 10, in_slug),
    token("xoxr-", 10, in_slug),
    token("xoxs-", 10, in_slug),
    token("xoxo-", 10, in_slug),
    token("xoxe-", 10, in_slug),
    token("xoxe.xox", 10, in_slug),
    token("xapp-", 10, in_slug),
    dotted("SG.", 32),
    token("xkeysib-", 30, in_slug),
    webhook("hooks.slack.com/services/", in_path),
    webhook("hooks.slack.com/workflows/", in_path),
    webhook("hooks.slack.com/triggers/", in_path),
    webhook("api.telegram.org/bot", in_bot),
    webhook("api.telegram.org/file/bot", in_bot),
    webhook("discord.com/api/webhooks/", in_path),
    webhook("discordapp.com/api/webhooks/", in_path),
    webhook("hooks.zapier.com/hooks/catch/", in_path),
    webhook("webhook.office.com/webhookb2/", in_path),
    // Payment.
    token("sk_live_", 10, plain),
    token("sk_test_", 10, plain),
    token("rk_live_", 10, plain),
    token("rk_test_", 10, plain),
    token("whsec_", 20, in_base64),
    token("sq0csp-", 20, in_slug),
    token("shpat_", 20, plain),
    token("shpss_", 20, plain),
    // Clouds and models.
    token("AIza", 30, in_slug),
    token("GOCSPX-", 20, in_slug),
    token("ya29.", 20, in_jwt),
    token("dop_v1_", 30, plain),
    token("tskey-", 16, in_slug),
    token("glsa_", 20, in_slug),
    token("NRAK-", 20, plain),
    token("hf_", 30, plain),
    token("sk-ant-", 20, in_slug),
    token("sk-proj-", 20, in_slug),
    // Keys and vaults.
    token("hvs.", 16, in_slug),
    token("hvb.", 16, in_slug),
    token("hvr.", 16, in_slug),
    token("dp.pt.", 20, plain),
    token("AGE-SECRET-KEY-1", 20, plain),
    token("LS0tLS1CRUdJTi", 40, in_base64),
    token("$argon2", 30, in_hash),
    token("$2a$", 30, in_hash),
    token("$2b$", 30, in_hash),
    token("$2y$", 30, in_hash),
];

fn in_hash(letter: char) -> bool {
    in_base64(letter) || matches!(letter, '$' | ',' | '.')
}

/// Authentication schemes in front of credentials, and the form of these.
pub(super) const SCHEMES: &[(&str, Credentials)] = &[
    ("bearer", Credentials::Word),
    ("basic", Credentials::Base64),
    ("negotiate", Credentials::Base64),
    ("ntlm", Credentials::Base64),
    ("digest", Credentials::Parameters),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credentials {
    /// Anything but a word of a sentence.
    Word,
    Base64,
    /// `username="…", response="…"`
    Parameters,
}

/// Words for the state of a secret: `token: missing`.
#[rustfmt::skip]
pub(super) const STATE_WORDS: &[&str] = &[
    "absent", "accepted", "active", "available", "blank", "blocked", "cannot", "changed", "configured", "denied",
    "disabled", "does", "doesn't", "empty", "enabled", "error", "expired", "failed", "failure", "false", "filtered",
    "forbidden", "has", "healthy", "hidden", "inactive", "incorrect", "invalid", "is", "isn't", "loaded", "locked",
    "malformed", "masked", "mismatch", "mismatched", "missing", "must", "needed", "nil", "no", "none", "not", "null",
    "off", "ok", "okay", "omitted", "on", "optional", "passed", "pending", "present", "provided", "ready", "redacted",
    "refused", "rejected", "removed", "required", "revoked", "rotated", "set", "should", "stale", "timeout", "too",
    "true", "unauthorized", "unavailable", "unchanged", "undefined", "unhealthy", "unknown", "unset", "updated",
    "valid", "was", "will", "wrong", "yes",
];

/// Words of a sentence, which are values only behind a `=`.
#[rustfmt::skip]
pub(super) const PROSE_WORDS: &[&str] = &[
    "a", "after", "again", "all", "already", "also", "an", "and", "any", "are", "as", "at", "authentication",
    "authorization", "be", "been", "before", "but", "by", "can", "checking", "could", "each", "expected", "for",
    "found", "from", "got", "here", "how", "if", "in", "it", "its", "last", "least", "long", "may", "might", "next",
    "of", "only", "or", "please", "refresh", "refreshing", "short", "signature", "since", "some", "still", "that",
    "the", "then", "there", "this", "timed", "to", "took", "trying", "unable", "unexpected", "unsupported", "until",
    "use", "used", "using", "validation", "verification", "were", "what", "when", "where", "which", "while", "who",
    "why", "with", "without", "weak", "would",
];
