// SPDX-License-Identifier: GPL-2.0-or-later
// Placeholder for the entry points of the plugin; see plugin/Makefile.inc.
