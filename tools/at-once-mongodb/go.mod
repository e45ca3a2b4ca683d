module hubbub/tools/at-once-mongodb

go 1.24.0

require go.mongodb.org/mongo-driver v1.17.4
