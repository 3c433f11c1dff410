//! Sets `cfg(loom)`.

fn main() {
    println!("cargo::rustc-cfg=loom");
    println!("cargo::rustc-check-cfg=cfg(loom)");
    // Features of the runtime's own package, which this package does not declare.
    println!(
        r#"cargo::rustc-check-cfg=cfg(feature, values("metrics", "setup", "testing", "otlp", "otlp-grpc"))"#
    );
    println!("cargo::rerun-if-changed=build.rs");
}
