//! Lists the files of the viewer page, so that the program carries them.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Files of other kinds are not served.
const TYPES: &[(&str, &str)] = &[
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("ico", "image/x-icon"),
    ("woff2", "font/woff2"),
];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("viewer");
    println!("cargo::rerun-if-changed=viewer");
    let mut files = Vec::new();
    if root.is_dir() {
        find(&root, "", &mut files)?;
    }
    files.sort();
    // Relative to the package, so that what was built in one checkout holds in another.
    let entry = |(name, media_type): &(String, &str)| {
        let file = format!("/viewer/{name}");
        let bytes = format!("include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {file:?}))");
        format!("    Asset {{ name: {name:?}, media_type: {media_type:?}, bytes: {bytes} }},\n")
    };
    let table = format!("&[\n{}]\n", files.iter().map(entry).collect::<String>());
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("assets.rs"), table)
}

fn find(directory: &Path, prefix: &str, files: &mut Vec<(String, &'static str)>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let Some(file) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let name = format!("{prefix}{file}");
        if file.starts_with('.')
            || file.contains(".test.")
            || ["test", "tests", "node_modules"].contains(&file)
        {
            continue;
        }
        if path.is_dir() {
            find(&path, &format!("{name}/"), files)?;
            continue;
        }
        let extension = path.extension().and_then(|extension| extension.to_str());
        if let Some((_, media_type)) = TYPES.iter().find(|(known, _)| Some(*known) == extension) {
            files.push((name, media_type));
        }
    }
    Ok(())
}
