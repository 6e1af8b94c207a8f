package decode

import "strings"

// escalation is a known way to gain rights that were not given.
type escalation struct {
	actions []string
	// service and probe are the type of resource that the first action is about, by a name that no policy holds.
	service, probe string
}

func onUsers(action string) escalation  { return escalation{[]string{action}, "iam", "user/" + fresh} }
func onRoles(action string) escalation  { return escalation{[]string{action}, "iam", "role/" + fresh} }
func onGroups(action string) escalation { return escalation{[]string{action}, "iam", "group/" + fresh} }
func onPolicies(action string) escalation {
	return escalation{[]string{action}, "iam", "policy/" + fresh}
}

// passRole is the right to give a role to something that one may then start.
func passRole(actions ...string) escalation {
	return escalation{append([]string{"iam:PassRole"}, actions...), "iam", "role/" + fresh}
}

// knownEscalations are the published ways, in terms of the actions that they need.
var knownEscalations = []escalation{
	onPolicies("iam:CreatePolicyVersion"),
	onPolicies("iam:SetDefaultPolicyVersion"),
	onUsers("iam:AttachUserPolicy"),
	onUsers("iam:PutUserPolicy"),
	onUsers("iam:DeleteUserPermissionsBoundary"),
	onUsers("iam:PutUserPermissionsBoundary"),
	onUsers("iam:CreateAccessKey"),
	onUsers("iam:CreateLoginProfile"),
	onUsers("iam:UpdateLoginProfile"),
	onGroups("iam:AttachGroupPolicy"),
	onGroups("iam:PutGroupPolicy"),
	onGroups("iam:AddUserToGroup"),
	onRoles("iam:AttachRolePolicy"),
	onRoles("iam:PutRolePolicy"),
	onRoles("iam:UpdateAssumeRolePolicy"),
	onRoles("iam:DeleteRolePermissionsBoundary"),
	onRoles("iam:PutRolePermissionsBoundary"),
	onRoles("iam:PassRole"),
	onRoles("sts:AssumeRole"),
	passRole("ec2:RunInstances"),
	passRole("ec2:AssociateIamInstanceProfile"),
	passRole("autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup"),
	passRole("lambda:CreateFunction", "lambda:InvokeFunction"),
	passRole("lambda:CreateFunction", "lambda:AddPermission"),
	passRole("lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
	passRole("cloudformation:CreateStack"),
	passRole("cloudformation:CreateStackSet"),
	passRole("codebuild:CreateProject", "codebuild:StartBuild"),
	passRole("codestar:CreateProject"),
	passRole("datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"),
	passRole("ecs:RegisterTaskDefinition", "ecs:RunTask"),
	passRole("ecs:RegisterTaskDefinition", "ecs:StartTask"),
	passRole("ecs:RegisterTaskDefinition", "ecs:CreateService"),
	passRole("glue:CreateDevEndpoint"),
	passRole("glue:CreateJob", "glue:StartJobRun"),
	passRole("glue:UpdateJob", "glue:StartJobRun"),
	passRole("sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"),
	passRole("sagemaker:CreateProcessingJob"),
	passRole("sagemaker:CreateTrainingJob"),
	passRole("ssm:StartAutomationExecution"),
	passRole("states:CreateStateMachine", "states:StartExecution"),
	{[]string{"lambda:UpdateFunctionCode"}, "lambda", "function:" + fresh},
	{[]string{"lambda:UpdateFunctionConfiguration"}, "lambda", "function:" + fresh},
	{[]string{"codebuild:UpdateProject", "codebuild:StartBuild"}, "codebuild", "project/" + fresh},
	{[]string{"ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"}, "ec2", "instance/" + fresh},
	{[]string{"ec2-instance-connect:SendSSHPublicKey"}, "ec2", "instance/" + fresh},
	{[]string{"glue:UpdateDevEndpoint"}, "glue", "devEndpoint/" + fresh},
	{[]string{"sagemaker:CreatePresignedNotebookInstanceUrl"}, "sagemaker", "notebook-instance/" + fresh},
	{[]string{"ssm:SendCommand"}, "ec2", "instance/" + fresh},
	{[]string{"ssm:StartSession"}, "ec2", "instance/" + fresh},
}

// escalations lists the known ways that the statement opens on every resource of a type, by its own actions alone.
func escalations(s statement) found {
	var out found
	if s.allows().no() || either(s.resources.given(), s.notResources.given()).no() {
		return out
	}
	for _, e := range knownEscalations {
		actions := every(e.actions, s.includes)
		if actions.no() {
			continue
		}
		resources := s.on(func(t text) answer { return t.onType(e.service, e.probe) })
		out.judge(strings.Join(e.actions, "+"), all(s.allows(), actions, resources))
	}
	return out
}
