use std::process::Command;
use std::time::Duration;

use testcontainers::core::{AccessMode, IntoContainerPort, Mount};
use testcontainers::runners::SyncRunner;
use testcontainers::{CopyDataSource, GenericImage, ImageExt};
use uuid::Uuid;

use crate::cleanup::AtEnd;
use crate::port::free_port;

/// Long enough to download an image.
const START_TIMEOUT: Duration = Duration::from_secs(300);

/// The configuration of a container.
#[derive(Debug, Default)]
pub(crate) struct Recipe {
    pub(crate) image: String,
    pub(crate) port: u16,
    pub(crate) environment: Vec<(&'static str, String)>,
    pub(crate) command: Vec<String>,
    /// A directory to keep in memory. Its content is lost when the container stops.
    pub(crate) in_memory: Option<&'static str>,
    /// Files to put in, by path.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// Whether it shares this machine's network, to reach servers on 127.0.0.1. The environment variable `PORT` names
    /// the port to listen on.
    pub(crate) on_host_network: bool,
}

impl std::fmt::Debug for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Container({})", self.name)
    }
}

/// A running container, removed when this is dropped or the process ends in any way.
pub(crate) struct Container {
    // The first field, so that it is dropped first.
    container: testcontainers::Container<GenericImage>,
    name: String,
    port: u16,
    _at_end: AtEnd,
}

impl Container {
    pub(crate) fn start(recipe: &Recipe) -> Result<Self, String> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match Self::start_at(recipe, free_port()) {
                // Another process may have taken the port in the meantime.
                Err(reason) if attempt < 5 && reason.contains("port is already") => {}
                result => return result,
            }
        }
    }

    /// The host's port is chosen here, because the engine would choose another one at every start.
    fn start_at(recipe: &Recipe, port: u16) -> Result<Self, String> {
        let name = format!("authstore-test-{}", Uuid::new_v4().simple());
        let at_end = AtEnd::run(["docker", "rm", "--force", "--volumes", &name])
            .map_err(|error| format!("could not start a shell: {error}"))?;
        let (image, tag) = match recipe.image.rsplit_once(':') {
            Some((image, tag)) if !tag.contains('/') => (image, tag),
            _ => (recipe.image.as_str(), "latest"),
        };
        let mut request = GenericImage::new(image, tag)
            .with_container_name(&name)
            .with_startup_timeout(START_TIMEOUT)
            .with_cmd(recipe.command.clone());
        request = if recipe.on_host_network {
            request
                .with_network("host")
                .with_env_var("PORT", port.to_string())
        } else {
            request.with_mapped_port(port, recipe.port.tcp())
        };
        for (variable, value) in &recipe.environment {
            request = request.with_env_var(*variable, value);
        }
        if let Some(directory) = recipe.in_memory {
            request = request
                .with_mount(Mount::tmpfs_mount(directory).with_access_mode(AccessMode::ReadWrite));
        }
        for (path, bytes) in &recipe.files {
            request = request.with_copy_to(path.clone(), CopyDataSource::Data(bytes.clone()));
        }
        let container = request.start().map_err(|error| with_causes(&error))?;
        Ok(Container {
            container,
            name,
            port,
            _at_end: at_end,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns its address in the engine's network, for other containers.
    pub(crate) fn address(&self) -> Result<String, String> {
        let output = Command::new("docker")
            .args(["inspect", "--format"])
            .arg("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
            .arg(&self.name)
            .output()
            .map_err(|error| format!("could not run docker: {error}"))?;
        let address = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() && !address.is_empty() {
            Ok(address)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }

    /// Returns the port on this machine that is forwarded to the server.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn is_running(&self) -> bool {
        self.container.is_running().unwrap_or(false)
    }

    /// Returns the last lines of its output.
    pub(crate) fn log(&self) -> String {
        let read = |bytes: testcontainers::core::error::Result<Vec<u8>>| {
            String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
        };
        let text = read(self.container.stdout_to_vec()) + &read(self.container.stderr_to_vec());
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Runs `docker COMMAND ARGUMENTS... NAME`, because the library does not support everything, and some of its
    /// blocking functions panic.
    pub(crate) fn docker(&self, command: &[&str]) -> Result<(), String> {
        let output = Command::new("docker")
            .args(command)
            .arg(&self.name)
            .output()
            .map_err(|error| format!("could not run docker: {error}"))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }
}

/// Checks that an engine answers, or returns the reason why not.
pub(crate) fn engine() -> Result<(), String> {
    let output = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "no container engine answers ({})",
            String::from_utf8_lossy(&output.stderr)
                .lines()
                .next()
                .unwrap_or("docker printed no error")
        )),
        Err(error) => Err(format!("there is no docker command ({error})")),
    }
}

/// Checks that an engine answers and has this image, or returns the reason why not.
pub(crate) fn image_is_there(image: &str) -> Result<(), String> {
    engine()?;
    let output = Command::new("docker")
        .args(["image", "inspect", "--format", "{{.Id}}", image])
        .output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(format!("there is no image {image}")),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
