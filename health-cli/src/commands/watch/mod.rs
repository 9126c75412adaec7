//! `healthctl watch`

mod follow;
mod screen;
mod state;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use crate::{
    args::{WatchArgs, parse_target},
    exit::Exit,
    failure::Failure,
    output::{Terminal, to_line},
};
use screen::Screen;
use state::{Services, Update};

/// Updates that wait to be shown; a follower of a busier service waits for its turn.
const MAX_WAITING_UPDATES: usize = 64;

/// Time after which ages on the screen are drawn anew.
const REDRAW_PERIOD: Duration = Duration::from_secs(1);

pub(super) async fn run(args: &WatchArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let targets = args.urls.iter().map(|url| parse_target(url)).collect::<Result<Vec<_>, _>>()?;
    let client = Arc::new(args.connection.client()?);
    let mut services = Services::new(targets.iter().map(ToString::to_string));
    let (updates, mut received) = mpsc::channel::<Update>(MAX_WAITING_UPDATES);
    for (index, target) in targets.into_iter().enumerate() {
        let follower = follow::Follower { index, target, client: client.clone(), updates: updates.clone() };
        tokio::spawn(follower.run(args.interval));
    }
    drop(updates);
    let screen = (terminal.width.is_some() && !args.json).then(Screen::open);
    let mut ticks = interval(REDRAW_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = Box::pin(stop_signal());
    loop {
        if let Some(screen) = &screen {
            screen.draw(&services);
        }
        tokio::select! {
            () = &mut stop => break,
            _ = ticks.tick(), if screen.is_some() => {}
            update = received.recv() => {
                let Some(update) = update else { break };
                let changes = services.apply(update);
                if screen.is_none() {
                    for change in changes {
                        terminal.line(&if args.json { to_line(&change) } else { change.line() });
                    }
                }
            }
        }
    }
    Ok(services.exit())
}

/// Waits until somebody ends the program.
async fn stop_signal() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}
