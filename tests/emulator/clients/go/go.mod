module conversation

go 1.21
