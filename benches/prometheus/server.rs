//! A Prometheus server of its own, and the figures that the system and the server itself state.

use std::{
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use super::{Result, fleet::Fleet};

/// Clock ticks of `/proc/<pid>/stat` in a second, which Linux fixes for programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running server, which ends with this value.
pub(super) struct Prometheus {
    process: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Prometheus {
    pub(super) fn is_installed() -> bool {
        Command::new("prometheus").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    }

    /// Starts a server with an empty database, which scrapes every instance of a fleet.
    pub(super) fn start(fleet: &Fleet, interval: &str, has_rules: bool) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("health-prometheus-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let mut config = format!("global: {{ scrape_interval: {interval}, evaluation_interval: {interval} }}\n");
        if has_rules {
            let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/deploy/prometheus").canonicalize()?;
            let rules = rules.display();
            writeln!(config, "rule_files: ['{rules}/health.recording.yml', '{rules}/health.rules.yml']")?;
        }
        config.push_str("scrape_configs:\n- job_name: orders\n  static_configs:\n");
        for instance in 0..fleet.instances {
            let labels = format!(
                "{{ service: orders, instance: 'pod-{instance}', __metrics_path__: /{instance}/health/metrics }}"
            );
            writeln!(config, "  - {{ targets: ['{}'], labels: {labels} }}", fleet.address)?;
        }
        fs::write(folder.join("prometheus.yml"), config)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let process = Command::new("prometheus")
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address={address}"))
            .current_dir(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { process, address, folder })
    }

    /// Returns the CPU time that the server has used.
    pub(super) fn cpu_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The name in parentheses may contain spaces; user and system time are the 12th and 13th field behind it.
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = [11, 12].map(|at| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()));
        let [Some(user), Some(system)] = ticks else { return Err("the server has ended".into()) };
        Ok((user + system) / TICKS_PER_SECOND)
    }

    pub(super) fn resident_bytes(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1_024.0)
    }

    /// Returns the number of series in memory.
    pub(super) fn series(&self) -> Result<f64> {
        self.get("/api/v1/status/tsdb")?["data"]["headStats"]["numSeries"].as_f64().ok_or_else(|| "no head".into())
    }

    /// Evaluates an expression with a single value.
    pub(super) fn value(&self, expression: &str) -> Result<f64> {
        let answer = self.get(&format!("/api/v1/query?query={expression}"))?;
        let value = answer["data"]["result"][0]["value"][1].as_str().ok_or_else(|| answer.to_string())?;
        Ok(value.parse()?)
    }

    fn get(&self, path: &str) -> Result<Value> {
        let mut stream = TcpStream::connect(self.address)?;
        // In this version of HTTP nothing comes in chunks.
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(serde_json::from_str(answer.split_once("\r\n\r\n").ok_or("no answer")?.1)?)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
