//! Checks that the time of a refusal does not reveal how much of a secret was right.
//!
//! `cargo bench -p health-benches --bench secrets_timing`; fails if it does.
//!
//! Two kinds of requests, equal in length and answers, go to the router in random order, without a network, which only
//! adds noise. Welch's t-test then compares their times, without the slowest tenth of both, which other programs on the
//! machine cause. From |t| = 4.5 on the two are distinguishable: this is the bound of dudect (Reparaz, Balasch and
//! Verbauwhede, "Dude, is my code constant time?", 2017), where chance alone reaches it once in 150,000 times.
//!
//! A right secret needs no clock, since the answer shows it. Where the answer does not, because a level is public as well,
//! the mean times must differ by less than single requests do. Tokens are the exception: the claims of a token are read
//! once its signature is right, which takes time.

use std::{
    collections::hash_map::RandomState,
    error::Error,
    hash::BuildHasher as _,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use axum::{Router, body::Body, http::Request};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use health_runtime::{
    Check, Endpoint, Level, Levels,
    access::{
        Access, AccessKey, AnyPolicy, Jwt, JwtAlgorithm, JwtKeys, User, access_key, any_of, basic, jwt, public, signed,
    },
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use sha2::Sha256;
use tokio::{runtime::Builder, time::Instant};
use tower::ServiceExt as _;

const SECRET: &str = "3b9f1c07d2e84a56b1c9e0f7a4d35862";
const ROUNDS: usize = 100_000;
const T_VALUE_LIMIT: f64 = 4.5;

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Headers = Vec<(&'static str, String)>;

/// Difference that two kinds of requests to one router may have.
struct Case {
    name: &'static str,
    limit: Limit,
    router: Router,
    status: u16,
    kinds: [Headers; 2],
}

#[derive(Clone, Copy)]
enum Limit {
    /// Indistinguishable.
    Test,
    /// Less than the spread of single requests.
    Noise,
    /// Unlimited: claims are read once a signature is right, and never before.
    Claims,
}

#[allow(clippy::disallowed_macros, reason = "a person reads the figures on the terminal")]
fn main() -> Result<ExitCode> {
    // `cargo test` passes no `--bench`, and only checks that the bench still works.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let rounds = if is_bench { ROUNDS } else { 100 };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut exit_code = ExitCode::SUCCESS;
    for case in cases()? {
        let times = runtime.block_on(measure(&case, rounds))?;
        let [first, second] = crop(times).map(|times| Sample::of(&times));
        let difference = (first.mean - second.mean).abs();
        let noise = f64::midpoint(first.variance, second.variance).sqrt();
        let t = welch(&first, &second);
        let (is_kept, limit) = match case.limit {
            Limit::Test => (t.abs() < T_VALUE_LIMIT, format!("|t| < {T_VALUE_LIMIT}")),
            Limit::Noise => (difference < noise, "less than the noise".to_owned()),
            Limit::Claims => (true, "none, one reads claims".to_owned()),
        };
        println!(
            "{}: limit {limit}, measured t = {t:+.2}, {difference:.1} ns between means of {:.0} and {:.0} ns, noise {noise:.0} ns: {}",
            case.name,
            first.mean,
            second.mean,
            if is_kept { "kept" } else { "MISSED" }
        );
        if is_bench && !is_kept {
            exit_code = ExitCode::FAILURE;
        }
    }
    Ok(exit_code)
}

fn cases() -> Result<Vec<Case>> {
    let people = || basic("x", [User::new("ada", SECRET)]);
    let keys = || [AccessKey::new("k", SECRET)];
    let tokens = || jwt(Jwt::new(JwtAlgorithm::Hs256, JwtKeys::secret(SECRET)).levels_by_default(Levels::ALL));
    let (basic, key) = (|password: &str| of_basic(password), |secret: &str| of_key(secret));
    let (signature, token) = (signature(now()?)?, token()?);
    let sent = |signature: &str| of_signature(signature, now().unwrap_or_default());
    // The last byte but one, because some bits of the last one do not count.
    let wrong = |right: &str, make: &dyn Fn(&str) -> Headers| {
        [make(&flipped(right, 0)), make(&flipped(right, right.len() - 2))]
    };
    let of_token = |token: &str| vec![("authorization", format!("Bearer {token}"))];
    let last_part = token.rfind('.').ok_or("no token")? + 1;
    let refused = |name, policy, kinds| {
        Ok::<_, Box<dyn Error>>(Case { name, limit: Limit::Test, router: router(policy)?, status: 401, kinds })
    };
    let open = |name, policy: AnyPolicy, kinds| {
        let router = router(any_of([policy.without_details(), public()]))?;
        Ok::<_, Box<dyn Error>>(Case { name, limit: Limit::Noise, router, status: 200, kinds })
    };
    let long_ago = now()? - 100_000;
    Ok(vec![
        refused("password, nothing of it right or nearly all", people(), wrong(SECRET, &basic))?,
        refused("access key, nothing of it right or nearly all", access_key(keys()), wrong(SECRET, &key))?,
        refused("signature, nothing of it right or nearly all", signed(keys()), wrong(&signature, &sent))?,
        refused(
            "token, nothing of its signature right or nearly all",
            tokens(),
            [of_token(&flipped(&token, last_part)), of_token(&flipped(&token, token.len() - 2))],
        )?,
        Case {
            limit: Limit::Noise,
            ..refused("signature that is wrong, of a key that is there or not", signed(keys()), {
                let headers = sent(&flipped(&signature, 0));
                let others =
                    headers.iter().map(|(name, value)| (*name, if value == "k" { "n" } else { value }.to_owned()));
                [headers.clone(), others.collect()]
            })?
        },
        open("password, right or wrong", people(), [basic(SECRET), basic(&flipped(SECRET, 0))])?,
        open("access key, right or wrong", access_key(keys()), [key(SECRET), key(&flipped(SECRET, 0))])?,
        // The timestamp is expired, because a valid signature would be remembered.
        Case {
            name: "signature that is expired, right or wrong",
            limit: Limit::Noise,
            router: router(signed(keys()))?,
            status: 401,
            kinds: {
                let right = self::signature(long_ago)?;
                [of_signature(&right, long_ago), of_signature(&flipped(&right, 0), long_ago)]
            },
        },
        Case {
            limit: Limit::Claims,
            ..open("token, right or wrong", tokens(), [of_token(&token), of_token(&flipped(&token, last_part))])?
        },
    ])
}

fn router(policy: AnyPolicy) -> Result<Router> {
    let check = Check::new("check", Level::L1, || async {}).max_age(Duration::from_hours(1));
    Ok(Endpoint::builder().checks([check]).access(Access::new().levels(Levels::ALL, policy)).build()?.router())
}

fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs())
}

/// Returns the text with another character at one place, which every alphabet used here has.
fn flipped(text: &str, at: usize) -> String {
    let other = if text[at..].starts_with('a') { "b" } else { "a" };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

fn of_basic(password: &str) -> Headers {
    vec![("authorization", format!("Basic {}", STANDARD.encode(format!("ada:{password}"))))]
}

fn of_key(secret: &str) -> Headers {
    vec![("x-access-key", "k".to_owned()), ("x-secret-key", secret.to_owned())]
}

const NONCE: &str = "a-nonce-of-some-length";
const PATH: &str = "/health/levels/1";

fn of_signature(signature: &str, timestamp: u64) -> Headers {
    let timestamp = timestamp.to_string();
    let headers = [("x-access-key", "k"), ("x-timestamp", &timestamp), ("x-nonce", NONCE), ("x-signature", signature)];
    headers.map(|(name, value)| (name, value.to_owned())).to_vec()
}

fn signature(timestamp: u64) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    mac.update(format!("HEALTH-HMAC-SHA256\nk\n{timestamp}\n{NONCE}\nGET\n{PATH}\n").as_bytes());
    let bytes = mac.finalize().into_bytes();
    Ok(bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}")))
}

fn token() -> Result<String> {
    let claims = serde_json::json!({ "sub": "ada", "exp": now()? + 3600 });
    Ok(encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET.as_bytes()))?)
}

/// Nanoseconds of each request, by kind.
async fn measure(case: &Case, rounds: usize) -> Result<[Vec<f64>; 2]> {
    let mut times = [Vec::with_capacity(rounds), Vec::with_capacity(rounds)];
    let mut coin = Coin(RandomState::new().hash_one(case.name) | 1);
    for round in 0..rounds + rounds / 20 {
        let kind = coin.toss();
        let request =
            case.kinds[kind].iter().fold(Request::get(PATH), |request, (name, value)| request.header(*name, value));
        let (request, router) = (request.body(Body::empty())?, case.router.clone());
        let start = Instant::now();
        let response = router.oneshot(request).await?;
        let time = start.elapsed();
        if response.status() != case.status {
            return Err(format!("{}: answered {}", case.name, response.status()).into());
        }
        // The first requests find cold caches.
        if round >= rounds / 20 {
            times[kind].push(time.as_secs_f64() * 1e9);
        }
    }
    Ok(times)
}

/// Marsaglia's xorshift.
struct Coin(u64);

impl Coin {
    fn toss(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::from(self.0 >> 63 == 1)
    }
}

/// Returns the times without the slowest tenth.
fn crop(times: [Vec<f64>; 2]) -> [Vec<f64>; 2] {
    let mut all = times.concat();
    all.sort_unstable_by(f64::total_cmp);
    let most = all[all.len() * 9 / 10];
    times.map(|times| times.into_iter().filter(|time| *time <= most).collect())
}

struct Sample {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Sample {
    #[allow(clippy::cast_precision_loss, reason = "there are not that many")]
    fn of(times: &[f64]) -> Self {
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Self { count, mean, variance }
    }
}

fn welch(first: &Sample, second: &Sample) -> f64 {
    (first.mean - second.mean) / (first.variance / first.count + second.variance / second.count).sqrt()
}
