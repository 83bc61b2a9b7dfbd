//! The walls around the child: landlock leaves it its own folder and little else, seccomp refuses it every new
//! socket and every new program. What a statement could talk ClickHouse into, the kernel still refuses.
//!
//! Both hold for the thread that enters them and for threads that it starts, so they are entered before there is a
//! second one. A kernel without them is no reason not to store rows: the parent is told, and decides what it lets
//! people ask.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// What the kernel keeps from the child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confinement {
    /// It sees its own folder, and opens no socket.
    Confined,
    /// It may do what its user may.
    Open {
        /// Why, as a sentence.
        reason: String,
    },
}

impl Confinement {
    pub(crate) fn open(reason: impl Into<String>) -> Self {
        Self::Open { reason: reason.into() }
    }
}

/// Confines this process to `data`. Call it on its only thread, with everything open that it needs from elsewhere.
#[cfg(target_os = "linux")]
pub(crate) fn confine(data: &Path) -> Confinement {
    match linux::enter(data) {
        Ok(()) => Confinement::Confined,
        Err(reason) => Confinement::open(reason),
    }
}

/// Landlock and seccomp are Linux's.
#[cfg(not(target_os = "linux"))]
pub(crate) fn confine(_: &Path) -> Confinement {
    Confinement::open("this system is not Linux and has no landlock")
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::path::Path;

    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset,
        RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
    };
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

    /// What is handled where the kernel knows it. The second version is enough for files, which is what is required:
    /// network is seccomp's.
    const NEWEST: ABI = ABI::V6;

    /// What ClickHouse reads of the machine to size its pools and to know its memory. Nothing of a process other than
    /// itself, and of itself neither its environment nor its memory.
    const READABLE: [&str; 9] = [
        "/dev/null",
        "/dev/urandom",
        "/proc/cpuinfo",
        "/proc/meminfo",
        "/proc/self/cgroup",
        "/proc/self/stat",
        "/proc/self/statm",
        "/sys/devices/system/cpu",
        "/sys/fs/cgroup",
    ];

    /// Calls that reach beyond this process. Sockets that are there already go on: requests are accepted by one.
    /// `io_uring` could open others behind the filter's back.
    const REFUSED: [i64; 26] = [
        libc::SYS_socket,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_open_by_handle_at,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_keyctl,
        libc::SYS_init_module,
    ];

    /// Both walls, or the reason why one of them does not stand.
    pub(super) fn enter(data: &Path) -> Result<(), String> {
        let threads = std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
        if threads > 1 {
            return Err(format!(
                "it had {threads} threads already, and walls hold for new threads only"
            ));
        }
        match folders(data) {
            Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => {}
            Ok(RulesetStatus::NotEnforced) => {
                return Err("this kernel has no landlock that lets files move between folders (Linux 5.19), or it is switched off".to_owned());
            }
            Err(error) => return Err(format!("landlock refuses: {error}")),
        }
        calls().map_err(|error| format!("seccomp refuses: {error}"))
    }

    fn folders(data: &Path) -> Result<RulesetStatus, RulesetError> {
        let read = AccessFs::from_read(ABI::V1) & !AccessFs::Execute;
        let own =
            PathFd::new(data).map(|folder| PathBeneath::new(folder, AccessFs::from_all(NEWEST) & !AccessFs::Execute));
        let status = Ruleset::default()
            // The first version lets nobody move a file to another folder, as ClickHouse does to drop a view.
            .set_compatibility(CompatLevel::SoftRequirement)
            .handle_access(AccessFs::Refer)?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?
            .add_rules(own.map(Ok::<_, RulesetError>))?
            .add_rules(path_beneath_rules(READABLE, read))?
            .restrict_self()?;
        Ok(status.ruleset)
    }

    fn calls() -> Result<(), seccompiler::Error> {
        let arch = std::env::consts::ARCH.try_into()?;
        let refused: BTreeMap<_, _> = REFUSED.into_iter().map(|call| (call, Vec::new())).collect();
        let permission = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        let filter: BpfProgram = SeccompFilter::new(refused, SeccompAction::Allow, permission, arch)?.try_into()?;
        seccompiler::apply_filter(&filter)
    }
}
