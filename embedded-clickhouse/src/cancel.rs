//! A client that goes away frees what it has asked for.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    engine::Engine,
    execute::Phase,
    stuck::{Due, Silence, Watch},
};

/// A cancelled statement may not have reached the engine's list yet: ask again after this time.
const AGAIN: Duration = Duration::from_millis(200);

/// Held by whoever waits for a statement. Dropped before the statement's end, it cancels it if it
/// only reads; one that writes is left to finish.
pub(crate) struct CancelOnDrop {
    pub(crate) id: u64,
    pub(crate) engine: Arc<Engine>,
    pub(crate) phase: watch::Receiver<Phase>,
    pub(crate) abandoned: CancellationToken,
    pub(crate) watch: Arc<Watch>,
    pub(crate) silence: Silence,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if *self.phase.borrow() == Phase::Finished {
            return;
        }
        self.abandoned.cancel();
        let (id, engine, phase) = (self.id, Arc::clone(&self.engine), self.phase.clone());
        let (watch, silence) = (Arc::clone(&self.watch), self.silence.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = cancel(id, engine, phase.clone()) => {}
                () = stuck(id, &watch, silence, phase) => {}
            }
        });
    }
}

/// Gives a statement that only reads its time to stop; one that writes ends by itself.
async fn stuck(id: u64, watch: &Watch, silence: Silence, mut phase: watch::Receiver<Phase>) {
    let begun = phase
        .wait_for(|phase| *phase != Phase::Waiting)
        .await
        .map(|phase| *phase);
    match begun {
        Ok(Phase::Reading) => watch.over(id, Due::Cancelled, silence).await,
        _ => std::future::pending().await,
    }
}

async fn cancel(id: u64, engine: Arc<Engine>, mut phase: watch::Receiver<Phase>) {
    // An error means that the job is gone: finished, whatever it said last.
    let Ok(begun) = phase
        .wait_for(|phase| *phase != Phase::Waiting)
        .await
        .map(|phase| *phase)
    else {
        return;
    };
    if begun != Phase::Reading {
        return;
    }
    loop {
        let engine = Arc::clone(&engine);
        if tokio::task::spawn_blocking(move || engine.cancel(id)).await.is_err() {
            return;
        }
        if timeout(AGAIN, phase.wait_for(|phase| *phase == Phase::Finished))
            .await
            .is_ok()
        {
            tracing::debug!(id, "the client went away: its statement is cancelled");
            return;
        }
    }
}
