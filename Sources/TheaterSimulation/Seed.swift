// SPDX-License-Identifier: Apache-2.0

/// What fixes a simulated run.
enum Seed {}
