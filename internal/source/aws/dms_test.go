package aws

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	dms "github.com/aws/aws-sdk-go-v2/service/databasemigrationservice"
	"github.com/aws/aws-sdk-go-v2/service/databasemigrationservice/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// TestDatabaseSecrets proves that no password that a database service may reply with is kept.
func TestDatabaseSecrets(t *testing.T) {
	planted := "planted-secret"
	for _, reply := range []any{
		&dms.DescribeEndpointsOutput{Endpoints: []types.Endpoint{{
			ExtraConnectionAttributes: &planted,
			KafkaSettings:             &types.KafkaSettings{SaslPassword: &planted, SslClientKeyPassword: &planted},
			RedisSettings:             &types.RedisSettings{AuthPassword: &planted},
			OracleSettings:            &types.OracleSettings{AsmPassword: &planted, Password: &planted, SecurityDbEncryption: &planted},
			PostgreSQLSettings:        &types.PostgreSQLSettings{Password: &planted, AfterConnectScript: &planted},
		}}},
		&dms.DescribeReplicationTasksOutput{ReplicationTasks: []types.ReplicationTask{{LastFailureMessage: &planted, TableMappings: &planted, TaskData: &planted}}},
		&rds.DescribeDBInstancesOutput{DBInstances: []rdstypes.DBInstance{{
			PendingModifiedValues: &rdstypes.PendingModifiedValues{MasterUserPassword: &planted},
		}}},
	} {
		kept, err := json.Marshal(reader{}.read(reflect.ValueOf(reply), "", 0).Plain())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(kept), planted) || !strings.Contains(string(kept), leftOut) {
			t.Errorf("%T: kept %s", reply, kept)
		}
	}
}
