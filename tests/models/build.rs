//! Says that this is built for loom.

fn main() {
    println!("cargo::rustc-cfg=loom");
    println!("cargo::rustc-check-cfg=cfg(loom)");
    // What the runtime's own package has, and this one does without.
    println!(
        r#"cargo::rustc-check-cfg=cfg(feature, values("metrics", "setup", "testing", "otlp", "otlp-grpc"))"#
    );
    println!("cargo::rerun-if-changed=build.rs");
}
