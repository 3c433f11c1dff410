//! Sets `cfg(loom)` for this package.

fn main() {
    println!("cargo::rustc-cfg=loom");
    println!("cargo::rustc-check-cfg=cfg(loom)");
    // Settings that the runtime's own package has and this one lacks.
    println!(
        r#"cargo::rustc-check-cfg=cfg(feature, values("metrics", "setup", "testing", "otlp", "otlp-grpc"))"#
    );
    println!("cargo::rerun-if-changed=build.rs");
}
