package main

import "tidemark/summary"

// demoConnections show every state of SPEC section 10, most of them for more than one reason.
var demoConnections = []demoConnection{
	// Two browser profiles of one account holder, and the one before them: their runs carry profile keys.
	{
		id: "ci_amazon_home", connector: "amazon", name: "Amazon (home)", kind: "browser_collector", profile: "profile-home", age: 400 * day,
		streams:  []demoStream{{"orders", 120, 2 * hour, 0}, {"order_items", 260, 2 * hour, 0}, {"returns", 14, 9 * day, 0}},
		schedule: every(6 * hour), runs: ran(12, 6*hour, 2*hour),
	},
	{
		id: "ci_amazon_work", connector: "amazon", name: "Amazon (work)", kind: "browser_collector", profile: "profile-work", age: 220 * day,
		streams:  []demoStream{{"orders", 60, 7 * hour, 0}, {"order_items", 110, 7 * hour, 0}},
		schedule: every(6 * hour),
		runs:     then(ran(7, 6*hour, 7*hour), []demoRun{{ago: 50 * minute, took: minute, ended: summary.RunSurfaceFailed, reason: "display_unavailable"}}),
	},
	{
		id: "ci_amazon_old", connector: "amazon", name: "Amazon (old laptop)", kind: "browser_collector", profile: "profile-old", status: "revoked", age: 900 * day,
		streams: []demoStream{{"orders", 75, 230 * day, 0}, {"order_items", 140, 230 * day, 0}}, runs: ran(3, 12*hour, 230*day),
	},
	{
		id: "ci_chase_personal", connector: "chase", name: "Chase personal", age: 300 * day, // being collected right now
		streams:  []demoStream{{"accounts", 3, 4 * hour, 0}, {"transactions", 340, 4 * hour, 0}, {"statements", 12, 11 * day, 12}},
		schedule: every(4 * hour),
		runs:     then(ran(9, 4*hour, 4*hour), []demoRun{{ago: 2 * minute, took: minute, ended: summary.RunRunning}}),
	},
	{
		id: "ci_chase_business", connector: "chase", name: "Chase business", age: 250 * day,
		streams:  []demoStream{{"accounts", 2, 3 * day, 0}, {"transactions", 180, 3 * day, 0}},
		schedule: every(4 * hour), runs: then(ran(5, 4*hour, 3*day), failed(2, 4*hour, 9*hour, summary.FailureCredentialsInvalid)),
	},
	{
		id: "ci_chase_joint", connector: "chase", name: "Chase joint", age: 120 * day,
		streams:  []demoStream{{"accounts", 2, 5 * hour, 0}, {"transactions", 90, 5 * hour, 0}},
		schedule: every(4 * hour), runs: ran(6, 4*hour, 5*hour),
		attention: []demoAttention{
			{"otp_required", "provide_value", "open", 12 * minute, 18 * minute},
			{"terms_changed", "confirm", "resolved", 30 * day, 0},
		},
	},
	{
		id: "ci_gmail_personal", connector: "gmail", name: "anna@example.org", age: 700 * day,
		streams:  []demoStream{{"messages", 700, 25 * minute, 40}, {"labels", 18, 40 * day, 0}},
		schedule: every(hour), runs: ran(14, hour, 25*minute),
		attention: []demoAttention{{"quota_low", "acknowledge", "expired", 8 * day, 0}},
	},
	{
		id: "ci_gmail_work", connector: "gmail", name: "Gmail (work)", age: 500 * day, // a few messages are still to be fetched
		streams:  []demoStream{{"messages", 420, 70 * minute, 15}, {"labels", 9, 90 * day, 0}},
		schedule: every(2 * hour), runs: ran(8, 2*hour, 70*minute),
		gaps: []demoGap{
			{"messages", "rate_limited", "pending", 2, 50 * minute, 20 * minute}, {"messages", "rate_limited", "pending", 1, 50 * minute, 35 * minute},
			{"messages", "timeout", "in_progress", 3, 5 * minute, 25 * minute}, {"messages", "timeout", "recovered", 2, 2 * day, 0},
		},
	},
	{
		id: "ci_gmail_archive", connector: "gmail", name: "Gmail archive", age: 480 * day, // something is lost for good
		streams:  []demoStream{{"messages", 210, 3 * hour, 5}},
		schedule: every(4 * hour), runs: ran(5, 4*hour, 3*hour),
		gaps: []demoGap{{"messages", "message_gone", "terminal", 6, 3*hour - minute, 0}, {"messages", "message_gone", "terminal", 6, 40 * day, 0}},
	},
	{
		id: "ci_spotify", connector: "spotify", name: "Spotify", age: 310 * day,
		streams: []demoStream{{"plays", 380, 12 * day, 0}, {"playlists", 21, 12 * day, 0}}, runs: ran(4, 9*day, 12*day),
	},
	{
		id: "ci_spotify_family", connector: "spotify", name: "Spotify (family)", age: 200 * day,
		streams: []demoStream{{"plays", 150, 2 * day, 0}}, runs: then(ran(3, 6*day, 2*day), []demoRun{{ago: day, took: minute, ended: summary.RunCancelled}}),
	},
	{
		id: "ci_whatsapp_phone", connector: "whatsapp", name: "Pixel 9", kind: "local_device", age: 150 * day,
		streams: []demoStream{{"chats", 34, 3 * hour, 0}, {"messages", 520, minute, 8}},
		devices: []demoDevice{{"pixel-9", "online", 20e9, minute, 12, 0}},
	},
	{
		id: "ci_whatsapp_tablet", connector: "whatsapp", name: "Galaxy Tab", kind: "local_device", age: 90 * day,
		streams: []demoStream{{"chats", 11, 5 * day, 0}, {"messages", 80, 40 * minute, 0}},
		devices: []demoDevice{{"galaxy-tab", "degraded", 2 * minute, 40 * minute, 31, 3}},
	},
	{
		id: "ci_health_watch", connector: "apple_health", name: "Watch", kind: "local_device", age: 330 * day, // not heard of for days
		streams: []demoStream{{"samples", 260, 3 * day, 0}, {"workouts", 40, 4 * day, 0}},
		devices: []demoDevice{{"watch", "offline", 3 * day, 3 * day, 0, 0}, {"phone", "offline", 5 * day, 6 * day, 2, 0}},
	},
	{
		id: "ci_github", connector: "github", name: "octo-anna", age: 800 * day,
		streams:  []demoStream{{"repositories", 42, 30 * hour, 0}, {"events", 230, 30 * hour, 0}},
		schedule: &demoSchedule{every: 12 * hour, disabled: true}, runs: ran(4, 12*hour, 30*hour),
	},
	{
		id: "ci_github_org", connector: "github", name: "example-org", age: 160 * day, // not all repositories could be read
		streams:  []demoStream{{"repositories", 17, 5 * hour, 0}, {"events", 95, 5 * hour, 0}},
		schedule: every(12 * hour),
		runs:     then(ran(3, 12*hour, 17*hour), []demoRun{{ago: 5 * hour, took: 4 * minute, ended: summary.RunSucceeded, behind: 6}}),
	},
	{
		id: "ci_github_bot", connector: "github", name: "ci-bot", age: 45 * day, // late: its last run is longer ago than two intervals
		streams:  []demoStream{{"repositories", 5, 2 * day, 0}},
		schedule: every(12 * hour), runs: ran(6, 12*hour, 2*day),
	},
	{
		id: "ci_youtube", connector: "youtube", name: "YouTube", age: 260 * day,
		streams: []demoStream{{"watch_history", 290, 20 * day, 0}, {"subscriptions", 63, 20 * day, 0}}, runs: ran(3, 14*day, 20*day),
	},
	{
		id: "ci_youtube_kids", connector: "youtube", name: "YouTube Kids", status: "paused", age: 100 * day,
		streams: []demoStream{{"watch_history", 70, 33 * day, 0}}, runs: ran(2, 14*day, 33*day),
	},
	{
		id: "ci_strava", connector: "strava", name: "Strava", age: 365 * day, // fails again and again, but not for ever yet
		streams:  []demoStream{{"activities", 130, 20 * hour, 0}},
		schedule: every(hour), runs: then(ran(4, 5*hour, 20*hour), failed(4, hour, 40*minute, "network_unreachable")),
	},
	{
		id: "ci_strava_club", connector: "strava", name: "Strava club", age: 210 * day,
		streams:  []demoStream{{"activities", 55, 14 * day, 0}},
		schedule: every(6 * hour), runs: then(ran(2, 6*hour, 14*day), failed(10, 6*hour, 6*hour, "rate_limited")),
	},
	{
		id: "ci_strava_old", connector: "strava", name: "Strava (old server)", age: 500 * day,
		streams:  []demoStream{{"activities", 88, 6 * day, 0}},
		schedule: every(day), runs: then(ran(3, day, 6*day), failed(1, day, 5*day, summary.FailureRuntimeMissing)),
	},
	{
		id: "ci_strava_new", connector: "strava", name: "Strava (new)", age: 5 * day, schedule: every(12 * hour), // was to run first days ago
	},
	{
		id: "ci_strava_night", connector: "strava", name: "Strava (night)", age: 60 * day, // the last run broke off without a word
		streams:  []demoStream{{"activities", 31, 27 * hour, 0}},
		schedule: every(day), runs: then(ran(3, day, 27*hour), []demoRun{{ago: 3 * hour, took: 2 * minute, ended: summary.RunRunning}}),
	},
	{
		id: "ci_bank_main", connector: "bank_csv", name: "Savings account, imported by hand once a month from the bank's own CSV export (with the joint account’s transfers left out)",
		kind: "manual", age: 180 * day, streams: []demoStream{{"transactions", 160, 8 * day, 0}},
	},
	{
		id: "ci_bank_clock", connector: "bank_csv", name: "חשבון עו״ש — Tel Aviv", kind: "manual", age: 20 * day, // dated ahead of now
		streams: []demoStream{{"transactions", 25, -2 * hour, 0}},
	},
	{id: "ci_bank_credit", connector: "bank_csv", name: "Credit union", kind: "manual", age: 90 * day, streams: []demoStream{{"transactions", 48, 4 * day, 0}}},
	{id: "ci_bank_broker", connector: "bank_csv", name: "Brokerage", kind: "manual", age: 240 * day, streams: []demoStream{{"transactions", 36, 12 * day, 0}}},
	{id: "ci_bank_mortgage", connector: "bank_csv", name: "Mortgage", kind: "manual", age: 240 * day, streams: []demoStream{{"transactions", 28, 25 * day, 0}}},
	{id: "ci_bank_pension", connector: "bank_csv", name: "Pension", kind: "manual", age: 240 * day, streams: []demoStream{{"transactions", 14, 70 * day, 0}}},
	{id: "ci_bank_shop", connector: "bank_csv", name: "Shop till", kind: "manual", age: 50 * day, streams: []demoStream{{"transactions", 64, 2 * day, 0}}},
	// What was exported once and for all: nothing is due, and nothing is missing.
	{id: "ci_files_addresses", connector: "files", name: "Address book", kind: "manual", age: 300 * day, streams: []demoStream{{"files", 75, 45 * day, 0}}},
	{id: "ci_files_bookmarks", connector: "files", name: "Bookmarks", kind: "manual", age: 220 * day, streams: []demoStream{{"files", 90, 80 * day, 0}}},
	{id: "ci_files_books", connector: "files", name: "Books read", kind: "manual", age: 160 * day, streams: []demoStream{{"files", 58, 15 * day, 0}}},
	{id: "ci_files_calendar", connector: "files", name: "Calendar before 2020", kind: "manual", age: 35 * day, streams: []demoStream{{"files", 110, 35 * day, 0}}},
	{id: "ci_files_genealogy", connector: "files", name: "Family tree", kind: "manual", age: 500 * day, streams: []demoStream{{"files", 47, 210 * day, 4}}},
	{id: "ci_files_insurance", connector: "files", name: "Insurance papers", kind: "manual", age: 190 * day, streams: []demoStream{{"files", 11, 60 * day, 11}}},
	{id: "ci_files_loans", connector: "files", name: "Library loans", kind: "manual", age: 60 * day, streams: []demoStream{{"files", 40, 59 * day, 0}}},
	{id: "ci_files_music", connector: "files", name: "Music library", kind: "manual", age: 410 * day, streams: []demoStream{{"files", 130, 90 * day, 0}}},
	{id: "ci_files_notes", connector: "files", name: "Notebooks, scanned", kind: "manual", age: 270 * day, streams: []demoStream{{"files", 33, 40 * day, 33}}},
	{id: "ci_files_photos", connector: "files", name: "Photo index", kind: "manual", age: 400 * day, streams: []demoStream{{"files", 120, 30 * day, 6}}},
	{id: "ci_files_receipts", connector: "files", name: "Receipts", kind: "manual", age: 140 * day, streams: []demoStream{{"files", 52, 7 * day, 12}}},
	{id: "ci_files_recipes", connector: "files", name: "Recipes", kind: "manual", age: 30 * day, streams: []demoStream{{"files", 22, 29 * day, 0}}},
	{id: "ci_files_steps", connector: "files", name: "Steps 2019–2023", kind: "manual", age: 10 * day, streams: []demoStream{{"files", 36, 10 * day, 0}}},
	{id: "ci_files_tax", connector: "files", name: "Tax returns", kind: "manual", age: 200 * day, streams: []demoStream{{"files", 9, 100 * day, 9}}},
	{id: "ci_files_wine", connector: "files", name: "Wine cellar", kind: "manual", age: 25 * day, streams: []demoStream{{"files", 19, 20 * day, 0}}},
	{id: "ci_bank_empty", connector: "bank_csv", name: "Credit card (nothing imported yet)", kind: "manual", age: 2 * day},
	{
		id: "ci_linkedin", connector: "linkedin", name: "LinkedIn", age: 75 * day,
		streams: []demoStream{{"connections", 64, 6 * hour, 0}}, runs: ran(2, 12*hour, 6*hour),
	},
	{
		id: "ci_notion", connector: "notion", name: "Notion", age: 15 * day,
		streams: []demoStream{{"pages", 48, 4 * hour, 0}}, schedule: every(6 * hour), runs: ran(2, 6*hour, 4*hour),
	},
	{id: "ci_gmail_draft", connector: "gmail", status: "draft", age: 10 * minute},
}
